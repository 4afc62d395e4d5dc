/*
 * What the package calls of libjpeg-turbo's decoder: a picture is opened, a window of it started, and
 * its rows are taken a few at a time as RGB, so that no whole picture ever stands in memory.
 *
 * Nothing is imported. An error leaves its words in `message` and traps: the instance is then
 * unusable, and the caller starts another. A warning is counted, as PIL passes over it.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jpeglib.h"
#include "jversion.h"
#include "jerror.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

/* The library's texts, by message code. */
#define JMESSAGE(code, string) string,
static const char *const texts[] = {
#include "jerror.h"
  NULL
};

/* Rows that are decoded with one call. */
#define MAX_ROWS 16

/* A wider window than asked for: a pixel of its edge depends on blocks beyond it. */
#define MARGIN_BLOCKS 3

/* What the caller reads; `struct` of 32-bit words. */
static struct {
  int32_t width, height;     /* as stored */
  int32_t components;
  int32_t progressive;
  int32_t scaled_width;      /* of the whole picture at the chosen scale */
  int32_t scaled_height;
  int32_t left, columns;     /* the window's columns, in that picture */
  int32_t warnings;
  int32_t rows;              /* address of the rows decoded last */
  int32_t message;           /* address of the error's words */
} state;

static char message[JMSG_LENGTH_MAX];
static struct jpeg_decompress_struct info;
static struct jpeg_error_mgr errors;
static struct jpeg_progress_mgr progress;
static struct jpeg_source_mgr source;
static int max_scans;
static JSAMPLE *buffer;

static void fail(j_common_ptr common)
{
  (*common->err->format_message)(common, message);
  __builtin_trap();
}

static void fail_with(const char *words)
{
  strncpy(message, words, sizeof(message) - 1);
  __builtin_trap();
}

static void format(j_common_ptr common, char *to)
{
  struct jpeg_error_mgr *err = common->err;
  const char *text = err->msg_code > 0 && err->msg_code <= err->last_jpeg_message
    ? texts[err->msg_code] : texts[0];
  if (strstr(text, "%s"))
    snprintf(to, JMSG_LENGTH_MAX, text, err->msg_parm.s);
  else
    snprintf(to, JMSG_LENGTH_MAX, text, err->msg_parm.i[0], err->msg_parm.i[1],
             err->msg_parm.i[2], err->msg_parm.i[3], err->msg_parm.i[4],
             err->msg_parm.i[5], err->msg_parm.i[6], err->msg_parm.i[7]);
}

static void emit(j_common_ptr common, int level)
{
  if (level < 0) state.warnings++;
}

static void quiet(j_common_ptr common) {}

static void watch_scans(j_common_ptr common)
{
  if (info.input_scan_number > max_scans) fail_with("it has too many scans");
}

/* The file ends before its picture does. */
static boolean past_the_end(j_decompress_ptr cinfo)
{
  fail_with("the file is cut short, within its picture");
  return FALSE;
}

static void skip(j_decompress_ptr cinfo, long bytes)
{
  if (bytes <= 0) return;
  if ((size_t)bytes > source.bytes_in_buffer)
    fail_with("the file is cut short, within a segment");
  source.next_input_byte += bytes;
  source.bytes_in_buffer -= bytes;
}

static void nothing(j_decompress_ptr cinfo) {}

void *EXPORT(allocate)(size_t bytes)
{
  void *at = malloc(bytes);
  if (!at) fail_with("it needs too much memory");
  return at;
}

void EXPORT(release)(void *at) { free(at); }

void *EXPORT(fields)(void)
{
  state.message = (int32_t)(intptr_t)message;
  return &state;
}

/* Reads the header. The bytes must stay until `finish`. */
void EXPORT(begin)(const unsigned char *bytes, size_t length, int scans)
{
  memset(&info, 0, sizeof(info));
  memset(&errors, 0, sizeof(errors));
  state.warnings = 0;
  max_scans = scans;
  errors.error_exit = fail;
  errors.emit_message = emit;
  errors.output_message = quiet;
  errors.format_message = format;
  errors.reset_error_mgr = quiet;
  errors.jpeg_message_table = texts;
  errors.last_jpeg_message = (int)JMSG_LASTMSGCODE - 1;
  info.err = &errors;
  jpeg_create_decompress(&info);
  progress.progress_monitor = watch_scans;
  info.progress = &progress;
  source.next_input_byte = bytes;
  source.bytes_in_buffer = length;
  source.init_source = nothing;
  source.fill_input_buffer = past_the_end;
  source.skip_input_data = skip;
  source.resync_to_restart = jpeg_resync_to_restart;
  source.term_source = nothing;
  info.src = &source;
  jpeg_read_header(&info, TRUE);
  if (info.data_precision != 8) fail_with("its samples don't have 8 bits");
  state.width = info.image_width;
  state.height = info.image_height;
  state.components = info.num_components;
  state.progressive = info.progressive_mode;
}

/*
 * Starts a picture of 1/denominator the size, and says in `scaled_width` and `scaled_height` how
 * large it is.
 */
void EXPORT(scale)(int denominator)
{
  int four = info.num_components == 4;
  info.out_color_space = four ? JCS_CMYK : JCS_RGB;
  info.scale_num = 1;
  info.scale_denom = denominator;
  jpeg_calc_output_dimensions(&info);
  state.scaled_width = info.output_width;
  state.scaled_height = info.output_height;
}

/* Starts the rows from `top` on, of at least these columns. */
void EXPORT(window)(int left, int columns, int top)
{
  jpeg_start_decompress(&info);
  int margin = MARGIN_BLOCKS * info.max_h_samp_factor * info.min_DCT_scaled_size;
  JDIMENSION from = left > margin ? left - margin : 0;
  JDIMENSION to = left + columns + margin;
  if (to > info.output_width) to = info.output_width;
  JDIMENSION count = to - from;
  if (count < info.output_width) jpeg_crop_scanline(&info, &from, &count);
  else from = 0;
  state.left = from;
  state.columns = info.output_width;
  if (top > 0) jpeg_skip_scanlines(&info, top);
  /* The resize reads 16 bytes at a time. */
  buffer = allocate((size_t)MAX_ROWS * info.output_width * info.output_components + 16);
  state.rows = (int32_t)(intptr_t)buffer;
}

static unsigned char multiplied(int a, int b)
{
  int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/* PIL's `convert("RGB")` of CMYK, in place; it takes every file for inverted, as Adobe's are. */
static void cmyk_to_rgb(unsigned char *pixels, size_t count)
{
  unsigned char *to = pixels;
  for (; count > 0; count--, pixels += 4, to += 3) {
    int white = pixels[3];
    for (int i = 0; i < 3; i++) {
      int value = white - multiplied(255 - pixels[i], white);
      to[i] = value < 0 ? 0 : value;
    }
  }
}

/* Decodes up to so many rows, one behind the other, and returns how many. */
int EXPORT(decode)(int rows)
{
  if (rows > MAX_ROWS) rows = MAX_ROWS;
  size_t stride = (size_t)info.output_width * info.output_components;
  int got = 0;
  while (got < rows && info.output_scanline < info.output_height) {
    JSAMPROW at[MAX_ROWS];
    for (int i = got; i < rows; i++) at[i - got] = buffer + i * stride;
    got += jpeg_read_scanlines(&info, at, rows - got);
  }
  if (info.num_components == 4) cmyk_to_rgb(buffer, (size_t)got * info.output_width);
  return got;
}

/* Gives back all that the picture took but its bytes. */
void EXPORT(finish)(void)
{
  free(buffer);
  buffer = NULL;
  jpeg_destroy_decompress(&info);
}

/*
 * Samples of more than 8 bits are refused before any of these is called; without them the library's
 * second and third copy of itself stay out.
 */
#define ABSENT(name) void name(j_decompress_ptr cinfo) { __builtin_trap(); }
#define ABSENT_WITH(name) void name(j_decompress_ptr cinfo, boolean flag) { __builtin_trap(); }
ABSENT(j12init_1pass_quantizer)
ABSENT(j12init_2pass_quantizer)
ABSENT(j12init_color_deconverter)
ABSENT_WITH(j12init_d_coef_controller)
ABSENT_WITH(j12init_d_diff_controller)
ABSENT_WITH(j12init_d_main_controller)
ABSENT_WITH(j12init_d_post_controller)
ABSENT(j12init_inverse_dct)
ABSENT(j12init_lossless_decompressor)
ABSENT(j12init_merged_upsampler)
ABSENT(j12init_upsampler)
ABSENT(j16init_color_deconverter)
ABSENT_WITH(j16init_d_diff_controller)
ABSENT_WITH(j16init_d_main_controller)
ABSENT_WITH(j16init_d_post_controller)
ABSENT(j16init_lossless_decompressor)
ABSENT(j16init_upsampler)
