/* Augmentation: one random affine map of a face, sampled bilinearly, borders reflected; a rectangle erased.
 */
#include "ferlab/face/augment.h"

#include <math.h>

const struct augmentation augmentation_default = {
    .rotation_deg = 20, .zoom = 0.12F, .aspect = 0.05F, .shift = 0.08F, .flip = true};
const struct augmentation augmentation_none = {0};

/* Where the output pixel (u, v), counted from the centre in input pixels, comes from: x = xu u + xv v + x0.
 */
struct map {
    float xu, xv, x0, yu, yv, y0;
};

static struct map draw_map(const struct augmentation *a, struct rng *r, int size, int out_size)
{
    float angle = rng_range(r, -1, 1) * a->rotation_deg * (float)(M_PI / 180);
    float zoom = expf(rng_range(r, -1, 1) * a->zoom);
    float zoom_y = zoom * expf(rng_range(r, -1, 1) * a->aspect);
    float shift_x = rng_range(r, -1, 1) * a->shift, shift_y = rng_range(r, -1, 1) * a->shift;
    float mirror = rng_uniform(r) < 0.5F && a->flip ? -1 : 1;
    float step = (float)size / (float)out_size, c = cosf(angle), s = sinf(angle);
    float middle = 0.5F * (float)size - 0.5F;
    return (struct map){
        .xu = c * zoom * mirror * step,
        .xv = -s * zoom_y * step,
        .x0 = shift_x * (float)size + middle,
        .yu = s * zoom * mirror * step,
        .yv = c * zoom_y * step,
        .y0 = shift_y * (float)size + middle,
    };
}

/* Folds a coordinate back at the outer edges -0.5 and size - 0.5, then keeps it on pixel centres. */
static inline float reflect(float x, float size)
{
    x = fabsf(x + 0.5F);
    if (x > size) {
        x = fmodf(x, 2 * size);
        x = x > size ? 2 * size - x : x;
    }
    x -= 0.5F;
    x = x < 0 ? 0 : x;
    return x > size - 1 ? size - 1 : x;
}

static inline float sample(const uint8_t *in, int size, float x, float y)
{
    int left = (int)x, top = (int)y;
    float fx = x - (float)left, fy = y - (float)top;
    int right = left + 1 < size ? 1 : 0, below = top + 1 < size ? size : 0;
    const uint8_t *p = in + top * size + left;
    float upper = (float)p[0] + fx * (float)(p[right] - p[0]);
    float lower = (float)p[below] + fx * (float)(p[below + right] - p[below]);
    return upper + fy * (lower - upper);
}

void augment_face(const uint8_t *in, int size, const struct augmentation *a, struct rng *r, float *out,
                  int out_size)
{
    struct map m = draw_map(a, r, size, out_size);
    float middle = 0.5F * (float)out_size - 0.5F, side = (float)size;
    for (int row = 0; row < out_size; row++) {
        float v = (float)row - middle;
        float x_row = m.xv * v + m.x0, y_row = m.yv * v + m.y0;
        for (int column = 0; column < out_size; column++) {
            float u = (float)column - middle;
            *out++ = sample(in, size, reflect(m.xu * u + x_row, side), reflect(m.yu * u + y_row, side));
        }
    }
}

void augment_erase(const struct augmentation *a, struct rng *r, float *image, int size, float value)
{
    static const float least = 0.02F, most = 0.3F, longest = 3.3F;
    if (rng_uniform(r) >= a->erase)
        return;
    float area = rng_range(r, least, most) * (float)size * (float)size;
    float proportion = expf(rng_range(r, -1, 1) * logf(longest));
    int height = (int)lrintf(sqrtf(area * proportion)), width = (int)lrintf(sqrtf(area / proportion));
    height = height > size ? size : height;
    width = width > size ? size : width;
    int top = (int)(rng_uniform(r) * (float)(size - height + 1)),
        left = (int)(rng_uniform(r) * (float)(size - width + 1));
    for (int y = top; y < top + height; y++)
        for (int x = left; x < left + width; x++)
            image[y * size + x] = value;
}
