/* Events as JSON: what the commands that write or read the log print with --json. */
#include "command.h"

#include "ferlab/base/json.h"
#include "ferlab/exchange/documents.h"

#include <stdio.h>

void cli_print_events(const struct event *events, size_t count)
{
    struct json_stream stream;
    json_stream_begin(&stream, stdout);
    for (size_t i = 0; i < count && !ferror(stdout); i++)
        json_stream_add(&stream, event_document(&events[i]));
    json_stream_end(&stream);
}
