/* PNG files: walking the chunks and their checksums. */
#include "decoders.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

enum { SIGNATURE = 8, CHUNK_OVERHEAD = 12 }; /* length, type and CRC of four bytes each */

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* table[k][b]: what byte b does to a CRC-32 (ISO 3309, polynomial 0xedb88320 reflected) k bytes later. */
static uint32_t table[4][256];
static pthread_once_t table_made = PTHREAD_ONCE_INIT;

static void make_table(void)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t crc = b;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        table[0][b] = crc;
    }
    for (int k = 1; k < 4; k++) {
        for (int b = 0; b < 256; b++)
            table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 255];
    }
}

/* Four bytes a step ("slicing", Kounavis & Berry 2005): checking must stay far cheaper than decoding. */
uint32_t png_crc32(const uint8_t *p, size_t count)
{
    pthread_once(&table_made, make_table);
    uint32_t crc = 0xffffffff;
    for (; count >= 4; count -= 4, p += 4) {
        crc ^= (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
        crc =
            table[3][crc & 255] ^ table[2][crc >> 8 & 255] ^ table[1][crc >> 16 & 255] ^ table[0][crc >> 24];
    }
    for (; count > 0; count--, p++)
        crc = crc >> 8 ^ table[0][(crc ^ *p) & 255];
    return ~crc;
}

bool png_is(const uint8_t *bytes, size_t count)
{
    static const uint8_t signature[SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    return count >= SIGNATURE && memcmp(bytes, signature, SIGNATURE) == 0;
}

bool png_is_intact(const uint8_t *bytes, size_t count)
{
    const uint8_t *at = bytes + SIGNATURE;
    size_t left = count - SIGNATURE;
    while (left >= CHUNK_OVERHEAD) {
        size_t length = big_endian(at);
        if (length > left - CHUNK_OVERHEAD || png_crc32(at + 4, length + 4) != big_endian(at + 8 + length))
            return false;
        if (memcmp(at + 4, "IEND", 4) == 0)
            return true;
        at += length + CHUNK_OVERHEAD;
        left -= length + CHUNK_OVERHEAD;
    }
    return false;
}
