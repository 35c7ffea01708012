/* Filters: what each expression picks from eight known rows, in which order, and what each mistake is told.
 */
#include "../../src/store/columns_own.h"
#include "ferlab/base/rng.h"
#include "ferlab/store/beside.h"
#include "ferlab/store/filter.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 8 };

/* Eight rows by hand, each value chosen so that the expressions below tell them apart:
 *
 *   id  split  name        crowd     label      pred      conf  div  suspect  flag  reviewed  note  tags
 *   1   train  fer001.png  neutral   neutral    neutral   .90   .10  .10      -     -         -     -
 *   2   train  fer002.png  happy     happy      sadness   .80   .60  .90      yes   -         -     ,dark,
 *   3   train  fer003.png  fear      surprise   surprise  .55   .50  .30      -     yes       yes
 * ,darker,wet, 4   valid  a b.png     none      none       anger     .40   .70  NaN      -     -         - -
 *   5   valid  ärger.png   anger     anger      none      NaN   NaN  NaN      -     -         -     -
 *   6   valid  x(1).png    disgust   nf         disgust   .95   .20  NaN      -     yes       -     ,wet,
 *   7   test   fer100.png  fear      unknown    fear      .70   .30  NaN      yes   yes       -     -
 *   9   none   Z.png       contempt  contempt   neutral   .80   .65  .85      -     -         -     -      */
static int64_t ids[] = {1, 2, 3, 4, 5, 6, 7, 9};
static uint8_t splits[] = {SPLIT_TRAIN, SPLIT_TRAIN, SPLIT_TRAIN, SPLIT_VALID,
                           SPLIT_VALID, SPLIT_VALID, SPLIT_TEST,  SPLIT_NONE};
static const char *names[] = {"fer001.png", "fer002.png", "fer003.png", "a b.png",
                              "ärger.png",  "x(1).png",   "fer100.png", "Z.png"};
static struct votes votes[] = {{{9, 1}},
                               {{0, 6, 0, 4}},
                               {{0, 0, 4, 0, 0, 0, 6}},
                               {{5, 0, 0, 0, 5}},
                               {{0, 0, 0, 0, 10}},
                               {{0, 0, 0, 0, 0, 7, 0, 0, 1, 2}},
                               {{0, 0, 0, 0, 0, 0, 8, 0, 2, 0}},
                               {{0, 1, 0, 0, 0, 0, 0, 9}}};
static int8_t crowd[] = {CLASS_NEUTRAL, CLASS_HAPPINESS, CLASS_FEAR, CLASS_NONE,
                         CLASS_ANGER,   CLASS_DISGUST,   CLASS_FEAR, CLASS_CONTEMPT};
static int8_t label[] = {CLASS_NEUTRAL, CLASS_HAPPINESS, CLASS_SURPRISE, CLASS_NONE,
                         CLASS_ANGER,   CLASS_NF,        CLASS_UNKNOWN,  CLASS_CONTEMPT};
static int8_t prediction[] = {CLASS_NEUTRAL, CLASS_SADNESS, CLASS_SURPRISE, CLASS_ANGER,
                              CLASS_NONE,    CLASS_DISGUST, CLASS_FEAR,     CLASS_NEUTRAL};
static float probabilities[][EMOTION_COUNT] = {{0.9F, 0, 0, 0.1F},
                                               {0.1F, 0.1F, 0, 0.8F},
                                               {0, 0, 0.55F, 0, 0, 0, 0.45F},
                                               {0.3F, 0, 0, 0.3F, 0.4F},
                                               {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
                                               {0, 0, 0, 0, 0.05F, 0.95F},
                                               {0, 0, 0.3F, 0, 0, 0, 0.7F},
                                               {0.8F, 0, 0, 0, 0, 0, 0, 0.2F}};
static float confidence[] = {0.9F, 0.8F, 0.55F, 0.4F, NAN, 0.95F, 0.7F, 0.8F};
static float divergence[] = {0.1F, 0.6F, 0.5F, 0.7F, NAN, 0.2F, 0.3F, 0.65F};
static float entropy[] = {0.325F, 0.673F, 0.673F, 0.693F, 0, 0.802F, 0.5F, 0.325F};
static float suspect[] = {0.1F, 0.9F, 0.3F, NAN, NAN, NAN, NAN, 0.85F};
static int8_t issue[] = {CLASS_NONE, CLASS_SADNESS, CLASS_NONE, CLASS_NONE,
                         CLASS_NONE, CLASS_NONE,    CLASS_NONE, CLASS_NEUTRAL};
static bool selected[] = {false, true, false, false, true, false, false, false};
static float similarity[] = {0.4F, 1, NAN, NAN, 0.9F, 0.4F, NAN, NAN}; /* to id 2 */
/* rows 1 and 2 are copies, and 3 and 5 */
static uint32_t next_copy[] = {1, 0, 4, 3, 2, 5, 6, 7};
static float disagreement[] = {1, 1, 0, NAN, 0, NAN, NAN, NAN};
static bool contested[] = {false, false, true, false, false, true, false, false};
static struct opinion by_ana = {.reviewer = "ana", .label = CLASS_SURPRISE};
static struct opinion by_ben = {.reviewer = "b en", .label = CLASS_UNKNOWN};
static struct opinion by_ana_first = {.reviewer = "ana", .label = CLASS_FEAR, .next = &by_ben};
static struct opinion *opinions[] = {NULL, NULL, &by_ana, NULL, NULL, &by_ana_first, &by_ben, NULL};
static struct columns_private own = {.opinions = opinions};
static bool leaks[] = {false, false, true, false, true, false, false, false};
static bool flagged[] = {false, true, false, false, false, false, true, false};
static bool reviewed[] = {false, false, true, false, false, true, true, false};
static bool in_sample[] = {true, true, false, false, false, false, false, false};
static const char *note[] = {NULL, NULL, "odd", NULL, NULL, NULL, NULL, NULL};
static const char *tags[] = {NULL, ",dark,", ",darker,wet,", NULL, NULL, ",wet,", NULL, NULL};

/* Beside them, by id: fixed 1, wrong 2, right 3, of no label 4, not predicted by the one 5, of no emotion 6
 * and 7, changed 9. */
static int8_t beside_prediction[] = {CLASS_FEAR, CLASS_SADNESS, CLASS_SURPRISE, CLASS_ANGER,
                                     CLASS_FEAR, CLASS_DISGUST, CLASS_NONE,     CLASS_ANGER};
static int8_t former[] = {CLASS_NEUTRAL, CLASS_FEAR, CLASS_FEAR, CLASS_NONE,
                          CLASS_ANGER,   CLASS_NF,   CLASS_FEAR, CLASS_CONTEMPT};
static struct beside beside = {.model = 2, .prediction = beside_prediction, .former = former};

static struct columns columns = {.count = ROWS,
                                 .id = ids,
                                 .split = splits,
                                 .name = names,
                                 .votes = votes,
                                 .crowd = crowd,
                                 .label = label,
                                 .reviewed = reviewed,
                                 .flagged = flagged,
                                 .contested = contested,
                                 .note = note,
                                 .tags = tags,
                                 .prediction = prediction,
                                 .confidence = confidence,
                                 .in_sample = in_sample,
                                 .divergence = divergence,
                                 .entropy = entropy,
                                 .suspect = suspect,
                                 .issue = issue,
                                 .similar_to = 2,
                                 .similarity = similarity,
                                 .selected = selected,
                                 .copies_known = true,
                                 .next_copy = next_copy,
                                 .disagreement = disagreement,
                                 .leaks = leaks,
                                 .probabilities = probabilities,
                                 .own = &own};

/* The ids a filter picks, in order, as "1 2 3". */
static void picked(const char *text, char out[64])
{
    struct filter *f;
    struct err e = {0};
    uint32_t rows[ROWS];

    if (!filter_parse(text, &f, &e))
        fail_msg("'%s': %s", text, e.text);
    size_t count = filter_apply(f, &columns, rows);

    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        sprintf(out + strlen(out), "%s%lld", i ? " " : "", (long long)ids[rows[i]]);
    filter_free(f);
}

static void test_what_filters_pick(void **state)
{
    static const struct {
        const char *text, *ids;
    } cases[] = {
        {"", "1 2 3 4 5 6 7 9"},
        {"  \t ", "1 2 3 4 5 6 7 9"},
        {"split:valid", "4 5 6"},
        {"split=VALID", "4 5 6"},
        {"split!=train", "4 5 6 7 9"},
        {"split:none", "9"},
        {"similar:2", "2 5 1 6"},
        {"in:map", "2 5"},
        {"in:map in:train", "2"},
        {"in!=map split:valid", "4 6"},
        {"similar:2 sort:id", "1 2 5 6"},
        {"similar:2 sort:similar", "1 6 5 2"},
        {"not similar:2 sort:-id", "9 7 4 3"},
        {"similar!=2 sort:id", "3 4 7 9"},
        {"split:valid or similar:2", "2 5 1 6 4"},
        {"similar:3", ""}, /* nobody has looked for these */
        {"label:surprise", "3"},
        {"label:none", "4"},
        {"label:nf", "6"},
        {"Label:Unknown", "7"},
        {"label!=none", "1 2 3 5 6 7 9"},
        {"crowd:fear", "3 7"},
        {"pred:neutral", "1 9"},
        {"pred:none", "5"},
        {"pred!=none", "1 2 3 4 6 7 9"},
        {"pred!=neutral", "2 3 4 6 7"},
        {"pred!=label", "2 9"},
        {"pred=label", "1 3"},
        {"pred:label", "1 3"},
        {"label!=pred", "2 9"},
        {"pred=crowd", "1 6 7"},
        {"pred!=crowd", "2 3 9"},
        {"label!=crowd", "3 6 7"},
        {"label=crowd", "1 2 4 5 9"},
        {"conf>0.8", "1 6"},
        {"conf>=0.8", "1 2 6 9"},
        {"conf=0.8", "2 9"},
        {"conf!=0.8", "1 3 4 6 7"},
        {"conf<0.55", "4"},
        {"conf<=0.55", "3 4"},
        {"conf > 0.8", "1 6"},
        {"div>.5", "2 4 9"},
        {"ent<0.4", "1 5 9"},
        {"suspect>0.5", "2 9"},
        {"not suspect>0.5", "1 3 4 5 6 7"},
        {"self<=0.2", "2 9"},
        {"margin<0.18", "2"},
        {"kl>1", "1 9"},
        {"mistaken>=0.9", "2 9"},
        {"hardness>0.65", "3 4"},
        {"issue:yes", "2 9"},
        {"dup:yes", "1 2 3 5"},
        {"dup:no", "4 6 7 9"},
        {"dup!=yes", "4 6 7 9"},
        {"dup:disagree", "1 2"},
        {"dup:Leak", "3 5"},
        {"dup:2", "1 2"},
        {"dup:3", "3 5"},
        {"dup:4", ""},
        {"dup:3 dup:5 not id:3", "5"},
        {"dup!=leak", "1 2 4 6 7 9"},
        {"issue:no", "1 3"},
        {"issue!=no", "2 9"},
        {"issue:Sad", "2"},
        {"issue!=sadness", "1 3 9"},
        {"not issue:yes", "1 3 4 5 6 7"},
        {"votes.happiness>=1", "1 2 9"},
        {"votes.nf>0", "6"},
        {"votes.unknown!=0", "6 7"},
        {"id:9", "9"},
        {"id>=7", "7 9"},
        {"id!=1", "2 3 4 5 6 7 9"},
        {"flag:yes", "2 7"},
        {"flag:no", "1 3 4 5 6 9"},
        {"flag!=no", "2 7"},
        {"reviewed:YES", "3 6 7"},
        {"contested:yes", "3 6"},
        {"contested:no reviewed:yes", "7"},
        {"note:yes", "3"},
        {"note:no split:train", "1 2"},
        {"tag:wet", "3 6"},
        {"tag:dark", "2"},
        {"tag!=wet", "1 2 4 5 7 9"},
        {"reviewer:ana", "3 6"},
        {"reviewer:\"b en\"", "6 7"},
        {"reviewer:ana reviewer!=\"b en\"", "3"},
        {"reviewer:an or reviewer:ANA or reviewer:a*", ""},
        {"name:fer00*", "1 2 3"},
        {"name:fer?0?.png", "1 2 3 7"},
        {"name:\"a b.png\"", "4"},
        {"name:\"x(1).png\"", "6"},
        {"name:ärger*", "5"},
        {"name:[xZ]*", "6 9"},
        {"name:z.png", ""},
        {"name:\"a\\\"b\"", ""},
        {"in:train", "1 2"},
        {"in!=train split:train", "3"},
        {"split:valid label:anger", "5"},
        {"split:valid and label:anger", "5"},
        {"split:valid AND label:anger OR id:1", "1 5"},
        {"id:1 or split:valid label:anger", "1 5"},
        {"id:1 or id:2 or id:3", "1 2 3"},
        {"id:1 or id:2 and id:3", "1"},
        {"(id:1 or id:2) id:2", "2"},
        {"id:2 (id:1 or id:2)", "2"},
        {"not id:1 id:2", "2"},
        {"not (id:1 or id:2)", "3 4 5 6 7 9"},
        {"not not id:1", "1"},
        {"not id:1 or id:1", "1 2 3 4 5 6 7 9"},
        {"not(id:1)and(id:2)", "2"},
        {"((((id:3))))", "3"},
        {"(split:train or split:valid) (conf>0.8 or (pred!=label not flag:yes))", "1 6"},
        {"(id:1 or (id:2 or (id:3 or id:4))) not (id:2 or id:3)", "1 4"},
        {"(id:1 and id:2) or (id:3 and split:train) or id:9", "3 9"},
    };
    char got[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        picked(cases[i].text, got);
        if (strcmp(got, cases[i].ids) != 0)
            fail_msg("'%s' picks '%s', not '%s'", cases[i].text, got, cases[i].ids);
    }
}

static void test_what_filters_pick_beside_a_second_model(void **state)
{
    static const struct {
        const char *text, *ids;
    } cases[] = {
        {"flip:fixed", "1"},
        {"flip:wrong", "2"},
        {"flip:changed", "9"},
        {"flip:right", "3"},
        {"flip:broken", ""},
        {"flip!=right", "1 2 9"},
        {"flip:fixed or flip:changed", "1 9"},
        {"beside:fear", "1 5"},
        {"beside:none", "7"},
        {"beside!=pred", "1 9"},
        {"pred=beside", "2 3 4 6"},
        {"beside=label", "3"},
        {"former:fear", "2 3 7"},
        {"former!=label", "2 3 7"},
        {"former!=label sort:-former", "2 3 7"},
        {"beside!=none sort:beside", "3 2 4 9 6 1 5"},
    };

    (void)state;
    columns.beside = &beside;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[64];

        picked(cases[i].text, got);
        if (strcmp(got, cases[i].ids) != 0)
            fail_msg("'%s' picked %s, not %s", cases[i].text, got, cases[i].ids);
    }
    columns.beside = NULL;
}

static void test_terms_of_a_second_model_need_one(void **state)
{
    static const struct {
        const char *text, *begins;
    } cases[] = {
        {"split:valid flip:fixed", "filter:13: this compares with a second model"},
        {"id:1 pred!=beside", "filter:6: this compares with a second model"},
        {"former:fear", "filter:1: this compares with a second model"},
        {"id:1 sort:beside", "filter:6: this compares with a second model"},
        {"pred!=label", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct filter *f;
        struct err e = {0};

        assert_true(filter_parse(cases[i].text, &f, &e));
        assert_int_equal(filter_check(f, &columns, &e), cases[i].begins == NULL);
        if (cases[i].begins && strncmp(e.text, cases[i].begins, strlen(cases[i].begins)) != 0)
            fail_msg("'%s': said '%s', not '%s'", cases[i].text, e.text, cases[i].begins);
        columns.beside = &beside;
        assert_true(filter_check(f, &columns, &e));
        columns.beside = NULL;
        filter_free(f);
    }
}

static void test_how_filters_order(void **state)
{
    static const struct {
        const char *text, *ids;
    } cases[] = {
        {"sort:id", "1 2 3 4 5 6 7 9"},
        {"sort:-id", "9 7 6 5 4 3 2 1"},
        {"sort:conf", "4 3 7 2 9 1 6 5"},
        {"sort:-conf", "6 1 2 9 7 3 4 5"},
        {"sort:suspect", "1 3 9 2 4 7 6 5"},
        {"sort:-suspect", "2 9 3 1 4 7 6 5"},
        {"sort:self", "2 9 3 1 4 5 6 7"},
        {"sort:margin", "2 9 3 1 4 5 6 7"},
        {"sort:-mistaken", "2 9 3 1 4 5 6 7"},
        {"sort:-hardness", "4 3 2 7 9 1 6 5"},
        {"sort:div", "1 6 7 3 2 9 4 5"},
        {"sort:ent", "5 1 9 7 2 3 4 6"},
        {"sort:split", "1 2 3 4 5 6 7 9"},
        {"sort:-split", "9 7 4 5 6 1 2 3"},
        {"sort:label", "1 2 3 5 9 7 6 4"},
        {"sort:-label", "6 7 9 5 3 2 1 4"},
        {"sort:crowd", "1 2 5 6 3 7 9 4"},
        {"sort:pred", "1 9 3 2 4 6 7 5"},
        {"sort:-votes.happiness", "2 1 9 3 4 5 6 7"},
        {"sort:name", "9 4 1 2 3 7 6 5"},
        {"sort:-name", "5 6 7 3 2 1 4 9"},
        {"split:train sort:-conf", "1 2 3"},
        {"sort:-conf split:train", "1 2 3"},
        {"split:train sort:-conf flag:no", "1 3"},
        {"sort:-id id:1 or id:2", "2 1"},
        {"id:1 or id:2 or sort:-id", "2 1"},
        {"SORT:-CONF id<4", "1 2 3"},
    };
    char got[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        picked(cases[i].text, got);
        if (strcmp(got, cases[i].ids) != 0)
            fail_msg("'%s' gives '%s', not '%s'", cases[i].text, got, cases[i].ids);
    }
}

static void test_mistakes_are_pointed_at(void **state)
{
    static const struct {
        const char *text, *begins;
    } cases[] = {
        {"pred!!label (", "filter:5: '!' stands alone"},
        {"split:test conf", "filter:12: 'conf' needs a comparison such as conf>0.8"},
        {"split:test conf:0.8", "filter:12: 'conf' needs a comparison such as conf>0.8"},
        {"joy:yes", "filter:1: 'joy' is nothing to filter by; there are split"},
        {"lable:fear", "filter:1: 'lable' is nothing to filter by; did you mean 'label:'?"},
        {"id:1 cnof>0.8", "filter:6: 'cnof' is nothing to filter by; did you mean 'conf'?"},
        {"entropy>1", "filter:1: 'entropy' is nothing to filter by; did you mean 'ent'?"},
        {"divergence>.2", "filter:1: 'divergence' is nothing to filter by; did you mean 'div'?"},
        {"js>.2", "filter:1: 'js' is nothing to filter by; did you mean 'div'?"},
        {"con>.8", "filter:1: 'con' is nothing to filter by; did you mean 'conf'?"},
        {"sad", "filter:1: 'sad' is nothing to filter by; did you mean 'label:sad'?"},
        {"  fear", "filter:3: 'fear' is nothing to filter by; did you mean 'label:fear'?"},
        {"happines", "filter:1: 'happines' is nothing to filter by; did you mean 'label:happiness'?"},
        {"fer0000001.png",
         "filter:1: a name alone is nothing to filter by; did you mean 'name:fer0000001.png'?"},
        {"Fer01", "filter:1: a name alone is nothing to filter by; did you mean 'name:Fer01*'?"},
        {"id:1 17", "filter:6: a number alone is nothing to filter by; did you mean 'id:17'?"},
        {"labl", "filter:1: 'labl' is nothing to filter by; did you mean 'label:'?"},
        {"label", "filter:1: 'label' needs a value such as label:fear"},
        {"label:", "filter:7: a value is missing"},
        {"label: fear", "filter:7: a value is missing"},
        {"label:joy", "filter:7: 'joy' is no label; there are neutral"},
        {"label:Hapiness", "filter:7: 'Hapiness' is no label; did you mean 'happiness'?"},
        {"pred:unknown", "filter:6: a prediction is one of the eight emotions, never 'unknown'"},
        {"id:1 pred!=NF", "filter:12: a prediction is one of the eight emotions, never 'nf'"},
        {"label=conf", "filter:7: 'conf' is no label"},
        {"label<fear", "filter:6: 'label' cannot be compared so"},
        {"split:elsewhere", "filter:7: 'elsewhere' is no split"},
        {"conf>high", "filter:6: 'high' is no number"},
        {"conf>0.8.1", "filter:6: '0.8.1' is no number"},
        {"conf>nan", "filter:6: 'nan' is no number"},
        {"conf>", "filter:6: a value is missing"},
        {"conf==0.8", "filter:6: '=0.8' is no number"},
        {"id:x", "filter:4: 'x' is no number"},
        {"votes>3", "filter:1: 'votes' is no column of votes"},
        {"votes.joy>3", "filter:1: 'votes.joy' is no column of votes; write votes.happiness"},
        {"votes.angre>3", "filter:1: 'votes.angre' is no column of votes; did you mean 'votes.anger'?"},
        {"votes.>3", "filter:1: 'votes.' is no column of votes"},
        {"flag:maybe", "filter:6: 'flag' takes yes or no"},
        {"flag:", "filter:6: a value is missing"},
        {"flag>yes", "filter:5: 'flag' cannot be compared so"},
        {"issue:nf", "filter:7: 'nf' is no emotion; write issue:yes"},
        {"dup:maybe", "filter:5: 'maybe' is nothing to ask of near-duplicates; write dup:yes"},
        {"dup:0", "filter:5: '0' is nothing to ask of near-duplicates"},
        {"tag:\"two words\"", "filter:5: a tag is one word; did you mean tag:two-words?"},
        {"reviewer:", "filter:10: a value is missing; write reviewer:ana"},
        {"reviewer>ana", "filter:9: 'reviewer' cannot be compared so; write reviewer:ana"},
        {"reviwer:ana", "filter:1: 'reviwer' is nothing to filter by; did you mean 'reviewer:'?"},
        {"sort:reviewer", "filter:6: 'reviewer' is nothing to sort by"},
        {"tag:a,b", "filter:5: 'a,b' is no tag"},
        {"tag:d*", "filter:5: 'd*' is no tag; tags are up to"},
        {"issue>yes", "filter:6: 'issue' cannot be compared so"},
        {"self:0.1", "filter:1: 'self' needs a comparison such as self<0.1"},
        {"sort:issue", "filter:6: 'issue' is nothing to sort by"},
        {"flip:mended", "filter:6: 'mended' is no flip; between two models"},
        {"flip>fixed", "filter:5: 'flip' cannot be compared so"},
        {"beside:nf", "filter:8: a prediction is one of the eight emotions, never 'nf'"},
        {"sort:flip", "filter:6: 'flip' is nothing to sort by"},
        {"in:valid", "filter:4: only in:train is known"},
        {"name:\"abc", "filter:6: this quote is never closed"},
        {"name:\"\"", "filter:6: a value is missing"},
        {"(id:1", "filter:1: this '(' is never closed"},
        {"id:1 (", "filter:6: this '(' is never closed"},
        {"id:1)", "filter:5: this ')' closes nothing"},
        {"id:1 )", "filter:6: this ')' closes nothing"},
        {"()", "filter:1: these parentheses are empty"},
        {"id:1 and", "filter:9: a term is missing after 'and'"},
        {"id:1 or", "filter:8: a term is missing after 'or'"},
        {"id:1 or or id:2", "filter:9: a term is missing after 'or'"},
        {"and id:1", "filter:1: a term is missing here"},
        {"not", "filter:4: a term is missing after 'not'"},
        {"(id:1 or) id:2", "filter:9: a term is missing after 'or'"},
        {"id:1 ! id:2", "filter:6: a term cannot begin here"},
        {"source:*summer 2024*", "filter:8: a value with blanks needs quotes: source:\"*summer 2024*\""},
        {"id:1 source=*my old photos and id:2",
         "filter:13: a value with blanks needs quotes: source=\"*my old "
         "photos\""},
        {"(name:a* b* conf>.5)", "filter:7: a value with blanks needs quotes: name:\"a* b*\""},
        {"name:fer* sad", "filter:11: 'sad' is nothing to filter by; did you mean 'label:sad'?"},
        {"name:fer* or 17", "filter:14: a number alone"},
        {"name:\"ü*\" 7", "filter:11: a number alone is nothing to filter by; did you mean 'id:7'?"},
        {"label~fear", "filter:6: this cannot follow 'label'"},
        {"sort:", "filter:6: a value is missing"},
        {"sort:size", "filter:6: 'size' is nothing to sort by; there are id"},
        {"sort:-suspet", "filter:6: '-suspet' is nothing to sort by; did you mean 'sort:-suspect'?"},
        {"sort:flag", "filter:6: 'flag' is nothing to sort by"},
        {"sort:-entropy", "filter:6: '-entropy' is nothing to sort by; did you mean 'sort:-ent'?"},
        {"sort:--id", "filter:6: '--id' is nothing to sort by"},
        {"sort=id", "filter:5: 'sort' cannot be compared so"},
        {"sort:id sort:conf", "filter:9: there is a sort: already"},
        {"similar:x", "filter:9: 'x' is no sample's id; write similar:17"},
        {"similar:3 or similar:4", "filter:22: there is a similar:3 already; keep one"},
        {"similar>3", "filter:8: 'similar' cannot be compared so; write similar:17"},
        {"(id:1 sort:id)", "filter:7: sort: orders the whole list"},
        {"not sort:id", "filter:5: sort: orders the whole list"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct filter *f = NULL;
        struct err e = {0};

        if (filter_parse(cases[i].text, &f, &e))
            fail_msg("'%s' was taken", cases[i].text);
        assert_null(f);
        assert_int_equal(e.code, ERR_USAGE);
        if (strncmp(e.text, cases[i].begins, strlen(cases[i].begins)) != 0)
            fail_msg("'%s': said '%s', not '%s'", cases[i].text, e.text, cases[i].begins);
    }
}

static void test_nesting_is_bounded_and_length_is_not(void **state)
{
    static char text[200000];
    struct filter *f;
    struct err e = {0};

    (void)state;
    memset(text, '(', 100000);
    text[100000] = '\0';
    assert_false(filter_parse(text, &f, &e));
    assert_non_null(strstr(e.text, "nested more than 64 deep"));
    text[0] = '\0';
    for (int i = 0; i < 20000; i++)
        memcpy(text + i * 4, "not ", 5);
    assert_false(filter_parse(text, &f, &e));
    assert_non_null(strstr(e.text, "nested more than 64 deep"));
    for (int i = 0; i < 10000; i++)
        memcpy(text + i * 8, "id:3 or ", 9);
    strcpy(text + 80000, "id:9");
    assert_true(filter_parse(text, &f, &e));
    assert_true(filter_matches(f, &columns, 2));
    assert_false(filter_matches(f, &columns, 3));
    assert_true(filter_matches(f, &columns, 7));
    filter_free(f);
}

/* Random pieces of filters glued together: taken or refused with a column, never a crash. */
static void test_any_text_is_taken_or_refused(void **state)
{
    static const char *const pieces[] = {"label", ":",      "fear",  "(", ")",   " ",     "not ",
                                         "or ",   "and ",   "conf",  ">", "0.5", "!=",    "!",
                                         "\"",    "votes.", "sort:", "-", "id",  "name:", "*",
                                         "\xff",  "ü",      "=",     "<"};
    struct rng rng;

    (void)state;
    rng_seed(&rng, 3, 0);
    for (int round = 0; round < 20000; round++) {
        char text[256] = "", where[32];
        struct filter *f;
        struct err e = {0};
        uint32_t rows[ROWS];

        for (uint32_t i = rng_below(&rng, 12); i > 0; i--)
            strcat(text, pieces[rng_below(&rng, sizeof pieces / sizeof *pieces)]);
        if (filter_parse(text, &f, &e)) {
            assert_true(filter_apply(f, &columns, rows) <= ROWS);
            filter_free(f);
        } else if (sscanf(e.text, "filter:%31[0-9]: ", where) != 1 || atoi(where) < 1 ||
                   atoi(where) > (int)strlen(text) + 1) {
            fail_msg("'%s': said '%s'", text, e.text);
        }
    }
}

static void test_the_help_names_every_field(void **state)
{
    static const char *const words[] = {"split:",    "label:",     "crowd:", "pred:",  "conf",  "div",
                                        "ent",       "suspect",    "self",   "margin", "kl",    "mistaken",
                                        "hardness",  "issue:",     "dup:",   "votes.", "id:",   "flag:",
                                        "reviewed:", "contested:", "note:",  "tag:",   "name:", "reviewer:",
                                        "in:train",  "sort:"};

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_non_null(strstr(filter_help, words[i]));
}

/* As if nothing were predicted yet: what could pass whatever the predictions will be. */
static void test_rows_that_could_pass_once_predicted(void **state)
{
    static const struct {
        const char *text, *ids;
    } cases[] = {
        {"", "1 2 3 4 5 6 7 9"},
        {"pred!=label sort:-suspect", "1 2 3 4 5 6 7 9"},
        {"split:valid pred!=label conf>0.8", "4 5 6"},
        {"pred:fear split:valid", "4 5 6"},
        {"split:test or split:valid label!=pred", "4 5 6 7"},
        {"not (split:train or pred=label) reviewed:yes", "6 7"},
        {"not (split:train pred=label) id<=3", "1 2 3"},
        {"split:valid", "4 5 6"},
        {"split:valid issue:yes self<0 margin<0 kl<0 mistaken<0 hardness<0", "4 5 6"},
        {"in:train ent>0.6 suspect>1 div>2", "2 3 4 6"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct filter *f;
        struct err e = {0};
        bool possible[ROWS];
        char got[64] = "";

        assert_true(filter_parse(cases[i].text, &f, &e));
        assert_true(filter_possible(f, &columns, possible, &e));
        filter_free(f);
        for (size_t row = 0; row < ROWS; row++) {
            if (possible[row])
                sprintf(got + strlen(got), "%s%d", *got ? " " : "", (int)ids[row]);
        }
        if (strcmp(got, cases[i].ids) != 0)
            fail_msg("'%s' could pick %s, not %s", cases[i].text, got, cases[i].ids);
    }
}

static void test_which_filters_name_samples(void **state)
{
    static const struct {
        const char *text;
        bool names;
    } cases[] = {
        {"", false},
        {"split:valid", false},
        {"split:test", true},
        {"label:fear", false},
        {"in:map", true},
        {"in:train", false},
        {"similar:17", true},
        {"tag:dark label:fear", true},
        {"tag:dark pred!=label", false},
        {"name:fer0*", true},
        {"in:map sort:-suspect", true},
        {"pred!=label sort:-suspect", false},
    };
    struct filter *f;
    struct err e;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(filter_parse(cases[i].text, &f, &e));
        if (filter_names_samples(f) != cases[i].names)
            fail_msg("'%s' should %sname samples", cases[i].text, cases[i].names ? "" : "not ");
        filter_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_that_could_pass_once_predicted),
        cmocka_unit_test(test_what_filters_pick),
        cmocka_unit_test(test_what_filters_pick_beside_a_second_model),
        cmocka_unit_test(test_terms_of_a_second_model_need_one),
        cmocka_unit_test(test_how_filters_order),
        cmocka_unit_test(test_mistakes_are_pointed_at),
        cmocka_unit_test(test_nesting_is_bounded_and_length_is_not),
        cmocka_unit_test(test_any_text_is_taken_or_refused),
        cmocka_unit_test(test_the_help_names_every_field),
        cmocka_unit_test(test_which_filters_name_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
