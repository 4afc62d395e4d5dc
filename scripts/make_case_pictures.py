"""Pictures as people have them, small, and the pixels that PIL sees.

    python3 scripts/make_case_pictures.py tests/data/cases

Needs Pillow and NumPy; made with Pillow 9.4. It writes pictures/<kind>/<file>.gz, pictures.json and
pictures.rgb, the RGB bytes one picture after the other. An entry of pictures.json has the file, its
kind, what it is, whether it is one of those first reported (`given`), `pil` ("reads it", or its error),
`options`, and what is right: `width`, `height` and `offset` into pictures.rgb, or `error`, words that must
be in the message. With both, either is right: PIL refuses the file, and its pixels are plain to see.
"""
import gzip
import io
import json
import struct
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

out = Path(sys.argv[1])
entries, rgb, size = [], bytearray(), 0
places = {}
# 9 x 8 pixels, no two rows alike.
BASE = ((np.arange(9 * 8 * 3, dtype=np.uint32) * 2654435761 >> 13) & 255).astype(np.uint8).reshape(8, 9, 3)
WIDE = np.asarray(Image.fromarray(BASE).resize((31, 20)))


def by_pil(data, oriented=False):
    image = Image.open(io.BytesIO(data))
    image.load()
    return np.asarray((ImageOps.exif_transpose(image) if oriented else image).convert("RGB"))


def reads(data):
    try:
        by_pil(data)
        return True
    except Exception:
        return False


def add(kind, name, data, what, *error, pixels=None, given=False, options=None):
    """`error` are the words of a refusal; `pixels` what is right where PIL has others, or refuses."""
    global size
    path = out / "pictures" / kind / f"{name}.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(data)
    path.write_bytes(file.getvalue())
    size += len(file.getvalue())
    entry = {"file": f"{kind}/{name}", "kind": kind, "what": what}
    if given:
        entry["given"] = True
    if options:
        entry["options"] = options
    try:
        seen = by_pil(data, bool(options and options.get("exifOrientation")))
        entry["pil"] = "reads it"
    except Exception as problem:
        seen = None
        entry["pil"] = f"{type(problem).__name__}: {problem}".split(" <")[0]
    right = pixels if pixels is not None else seen
    if right is not None and (not error or pixels is not None):
        bytes_ = np.ascontiguousarray(right).tobytes()
        if bytes_ not in places:
            places[bytes_] = len(rgb)
            rgb.extend(bytes_)
        entry.update(width=right.shape[1], height=right.shape[0], offset=places[bytes_])
    if error or right is None:
        entry["error"] = list(error)
    if pixels is not None and seen is None:
        entry.setdefault("error", [])
    entries.append(entry)


# --- PNG ----------------------------------------------------------------------------------------


def chunk(kind, data, crc=None):
    crc = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def header(width=9, height=8, depth=8, colour=2):
    return struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)


def rows(samples):
    return b"".join(b"\0" + row.tobytes() for row in samples)


def png(*before, colour=2, samples=BASE, between=(), after=(), depth=8, idat=None, end=True):
    """Chunks are (kind, data) or (kind, data, CRC): before the pixels, between two IDATs, behind them."""
    data = zlib.compress(rows(samples), 9) if idat is None else idat
    parts = [data[:40], data[40:]] if between else [data]
    pieces = [chunk(b"IHDR", header(samples.shape[1], samples.shape[0], depth, colour)), *(chunk(*c) for c in before)]
    for i, part in enumerate(parts):
        pieces += [chunk(b"IDAT", part), *(chunk(*c) for c in between if i == 0)]
    pieces += [chunk(*c) for c in after]
    return b"\x89PNG\r\n\x1a\n" + b"".join(pieces) + (chunk(b"IEND", b"") if end else b"")


def ancillary():
    kind = "png_ancillary"
    profile = zlib.compress(b"\0\0\1\xb8appl\2\0\0\0mntrRGB XYZ " + bytes(400))
    iccp = (b"iCCP", b"ICC Profile\0\0" + profile)
    grey = BASE[:, :, :1]
    alpha = np.concatenate([BASE, 255 - grey], 2)
    index = grey % 5
    palette = bytes(range(10, 25))
    plte = (b"PLTE", palette)
    gama, srgb, phys = (b"gAMA", struct.pack(">I", 45455)), (b"sRGB", b"\0"), (b"pHYs", struct.pack(">IIB", 1, 1, 0))
    chrm = (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))

    # Given.
    add(kind, "iphone_screenshot_two_iccp.png", png(iccp, iccp), "Two iCCP", given=True)
    add(kind, "iccp_broken.png", png((b"iCCP", b"x\0\0broken")), "A broken iCCP", given=True)
    add(kind, "phys_unit_7.png", png((b"pHYs", struct.pack(">IIB", 1, 1, 7))), "pHYs, unit 7", given=True)
    add(kind, "rgba_with_trns.png", png((b"tRNS", bytes(6)), colour=6, samples=alpha), "tRNS beside an alpha channel", given=True)
    add(kind, "two_gama.png", png(gama, gama), "Two gAMA", given=True)
    add(kind, "two_srgb.png", png(srgb, srgb), "Two sRGB", given=True)

    # PIL refuses some whose pixels are plain to see.
    plain = {
        "trns_cut_grey": png(colour=0, samples=grey),
        "plte_257": png((b"PLTE", bytes(i % 256 for i in range(256 * 3))), colour=3, samples=index),
    }

    def each(what, **files):
        for name, data in files.items():
            add(kind, f"{name}.png", data, what, pixels=None if reads(data) else by_pil(plain.get(name, png())))

    each(
        "iCCP",
        iccp_method_1=png((b"iCCP", b"a\0\1" + profile)), iccp_name_of_90=png((b"iCCP", b"n" * 90 + b"\0\0" + profile)),
        iccp_no_name=png((b"iCCP", b"\0\0" + profile)), iccp_no_end_of_name=png((b"iCCP", b"abc")), iccp_empty=png((b"iCCP", b"")),
        iccp_cut=png((b"iCCP", b"a\0\0" + profile[:20])), iccp_after_idat=png(after=[iccp]), iccp_after_plte=png(plte, iccp),
        iccp_and_srgb=png(iccp, srgb), iccp_between_idats=png(between=[iccp]), iccp_crc=png((*iccp, 7)),
        iccp_of_grey=png((b"iCCP", b"a\0\0" + zlib.compress(b"\0\0\1\xb8appl\2\0\0\0mntrGRAY" + bytes(400)))),
        iccp_bomb=png((b"iCCP", b"a\0\0" + zlib.compress(bytes(20_000_000)))),
    )
    each(
        "gAMA, sRGB, cHRM, pHYs",
        gama_zero=png((b"gAMA", bytes(4))), gama_cut=png((b"gAMA", b"\0\1")), gama_long=png((b"gAMA", bytes(9))), gama_huge=png((b"gAMA", b"\xff" * 4)),
        gama_after_idat=png(after=[gama]), gama_after_plte=png(plte, gama), srgb_intent_9=png((b"sRGB", b"\x09")), srgb_empty=png((b"sRGB", b"")),
        srgb_long=png((b"sRGB", b"\0\0")), chrm_cut=png((b"cHRM", bytes(7))), chrm_zero=png((b"cHRM", bytes(32))), two_chrm=png(chrm, chrm),
        chrm_ff=png((b"cHRM", b"\xff" * 32)), phys_cut=png((b"pHYs", bytes(8))), phys_long=png((b"pHYs", bytes(12))), phys_empty=png((b"pHYs", b"")),
        two_phys=png(phys, phys), phys_zero=png((b"pHYs", bytes(9))), phys_after_idat=png(after=[phys]), all_of_them=png(gama, chrm, srgb, iccp, phys),
    )
    each(
        "tRNS",
        two_trns=png((b"tRNS", bytes(6)), (b"tRNS", b"\0\1" * 3)), trns_cut=png((b"tRNS", bytes(3))), trns_empty=png((b"tRNS", b"")),
        trns_of_grey=png((b"tRNS", b"\0\7"), colour=0, samples=grey), trns_beyond_depth=png((b"tRNS", b"\1\7"), colour=0, samples=grey),
        trns_cut_grey=png((b"tRNS", b"\7"), colour=0, samples=grey), trns_grey_alpha=png((b"tRNS", b"\0\7"), colour=4, samples=alpha[:, :, 2:]),
        trns_before_plte=png((b"tRNS", b"\7\6"), plte, colour=3, samples=index), trns_too_long=png(plte, (b"tRNS", bytes(9)), colour=3, samples=index),
        trns_palette_empty=png(plte, (b"tRNS", b""), colour=3, samples=index), trns_after_idat=png(plte, colour=3, samples=index, after=[(b"tRNS", b"\7")]),
        two_trns_palette=png(plte, (b"tRNS", b"\7"), (b"tRNS", b"\1\2\3"), colour=3, samples=index),
        trns_one_transparent=png(plte, (b"tRNS", b"\xff\0\xff"), colour=3, samples=index),
    )
    each(
        "PLTE",
        plte_in_rgb=png(plte), plte_in_rgb_cut=png((b"PLTE", bytes(4))), plte_in_rgb_empty=png((b"PLTE", b"")), plte_in_grey=png(plte, colour=0, samples=grey),
        plte_in_grey_alpha=png(plte, colour=4, samples=alpha[:, :, 2:]), two_plte_in_rgb=png(plte, plte), plte_after_idat=png(after=[plte]),
        plte_257=png((b"PLTE", bytes(i % 256 for i in range(257 * 3))), colour=3, samples=index), two_plte=png(plte, (b"PLTE", bytes(range(60, 75))), colour=3, samples=index),
        plte_short=png((b"PLTE", palette[:9]), colour=3, samples=index), plte_not_by_three=png((b"PLTE", palette[:13]), colour=3, samples=index),
    )
    each(
        "Text",
        text_latin_1=png((b"tEXt", b"Title\0caf\xe9")), text_not_utf_8=png((b"iTXt", b"Title\0\0\0\0\0caf\xe9")), text_no_nul=png((b"tEXt", b"Title")),
        text_empty=png((b"tEXt", b"")), text_no_keyword=png((b"tEXt", b"\0abc")), text_nul_in_text=png((b"tEXt", b"a\0b\0c")), text_crc=png((b"tEXt", b"a\0b", 7)),
        itxt_cut=png((b"iTXt", b"a\0\1")), itxt_broken=png((b"iTXt", b"a\0\1\0en\0\0broken")), itxt_method=png((b"iTXt", b"a\0\1\7en\0\0x")), itxt_flag=png((b"iTXt", b"a\0\7\0en\0\0x")),
        itxt_language_not_ascii=png((b"iTXt", b"a\0\0\0\xff\xfe\0\0x")), ztxt_broken=png((b"zTXt", b"a\0\0broken")), ztxt_method=png((b"zTXt", b"a\0\5" + zlib.compress(b"x"))),
        ztxt_no_nul=png((b"zTXt", b"abc")), ztxt_bomb=png((b"zTXt", b"a\0\0" + zlib.compress(bytes(20_000_000)))), text_many=png(*[(b"tEXt", b"k%d\0v" % i) for i in range(300)]),
        text_keyword_of_100=png((b"tEXt", b"k" * 100 + b"\0v")), text_after_idat=png(after=[(b"tEXt", b"a\0caf\xe9")]),
    )
    each(
        "Other chunks",
        bkgd_cut=png((b"bKGD", b"\0")), bkgd_beyond_palette=png(plte, (b"bKGD", b"\xc8"), colour=3, samples=index), hist_without_plte=png((b"hIST", bytes(6))),
        sbit_zero=png((b"sBIT", bytes(3))), sbit_long=png((b"sBIT", b"\x08" * 9)), sbit_20=png((b"sBIT", b"\x14" * 3)), time_month_13=png((b"tIME", struct.pack(">HBBBBB", 2024, 13, 40, 25, 61, 61))),
        time_cut=png((b"tIME", b"\7")), splt_cut=png((b"sPLT", b"a\0\x08\1")), exif_broken=png((b"eXIf", b"broken")), exif_empty=png((b"eXIf", b"")), two_exif=png((b"eXIf", b"II*\0\x08\0\0\0\0\0"), (b"eXIf", b"x")),
        private=png((b"prVt", b"abc"), (b"vpAg", bytes(9))), reserved_bit=png((b"teXt", b"abc")), apng=png((b"acTL", struct.pack(">II", 1, 0)), (b"fcTL", struct.pack(">IIIIIHHBB", 0, 9, 8, 0, 0, 1, 10, 0, 0))),
        apng_broken=png((b"acTL", b"\0")), actl_zero=png((b"acTL", bytes(8))), fctl_alone=png((b"fcTL", bytes(26))), mdcv=png((b"mDCV", bytes(24)), (b"cICP", b"\x09\x10\0\1"), (b"cLLI", bytes(8))), cicp_cut=png((b"cICP", b"\x09")),
    )


def ends():
    kind = "png_end"
    data = zlib.compress(rows(BASE), 9)
    good = by_pil(png())
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header())
    end = chunk(b"IEND", b"")

    def each(name, content, what, given=False):
        add(kind, f"{name}.png", content, what, pixels=None if reads(content) else good, given=given)

    each("idat_crc_wrong", start + chunk(b"IDAT", data, 7) + end, "A wrong CRC of IDAT", given=True)
    each("no_iend", start + chunk(b"IDAT", data), "No IEND")
    each("no_adler", start + chunk(b"IDAT", data[:-4]) + end, "No Adler-32")
    each("no_adler_no_iend", start + chunk(b"IDAT", data[:-4]), "Neither")
    each("adler_wrong", start + chunk(b"IDAT", data[:-4] + b"abcd") + end, "A wrong Adler-32")
    each("iend_crc_wrong", start + chunk(b"IDAT", data) + chunk(b"IEND", b"", 7), "A wrong CRC of IEND")
    each("iend_cut", start + chunk(b"IDAT", data) + end[:6], "IEND cut")
    each("iend_with_data", start + chunk(b"IDAT", data) + chunk(b"IEND", b"abc"), "IEND with data")
    each("crc_cut", start + chunk(b"IDAT", data)[:-2], "The file ends in IDAT's CRC")
    each("crc_wrong_of_second", start + chunk(b"IDAT", data[:50]) + chunk(b"IDAT", data[50:], 7) + end, "A wrong CRC of the second IDAT")
    each("crc_wrong_of_both", start + chunk(b"IDAT", data[:50], 1) + chunk(b"IDAT", data[50:], 7) + end, "Wrong CRCs of both IDATs")
    each("ihdr_crc_wrong", start[:-4] + b"abcd" + chunk(b"IDAT", data) + end, "A wrong CRC of IHDR")
    each("plte_crc_wrong", start + chunk(b"PLTE", bytes(6), 7) + chunk(b"IDAT", data) + end, "A wrong CRC of PLTE")
    each("behind_iend", start + chunk(b"IDAT", data) + end + b"trailing bytes", "Bytes behind IEND")
    each("behind_iend_png", png() + png(samples=255 - BASE), "Two files in one")
    each("behind_the_pixels", start + chunk(b"IDAT", data + b"more") + end, "Bytes behind the compressed pixels")
    each("empty_idats", start + chunk(b"IDAT", b"") + chunk(b"IDAT", data[:9]) + chunk(b"IDAT", b"") + chunk(b"IDAT", data[9:]) + chunk(b"IDAT", b"") + end, "Empty IDATs")
    each("idats_of_one_byte", start + b"".join(chunk(b"IDAT", data[i : i + 1]) for i in range(len(data))) + end, "IDATs of one byte")
    each("more_rows", start + chunk(b"IDAT", zlib.compress(rows(np.concatenate([BASE, BASE])), 9)) + end, "More rows than the header says")
    # Pixels are missing.
    for name, content, what in [
        ("idat_cut", start + chunk(b"IDAT", data)[:100], "The file ends in the pixels"),
        ("idat_half", start + chunk(b"IDAT", data[: len(data) // 2]) + end, "Half of the compressed pixels"),
        ("rows_missing", start + chunk(b"IDAT", zlib.compress(rows(BASE[:5]), 9)) + end, "Fewer rows than the header says"),
        ("no_idat", start + end, "No IDAT"),
        ("nothing_behind_ihdr", start, "IHDR alone"),
        ("idat_broken", start + chunk(b"IDAT", data[:60] + b"\xff" * 20 + data[80:]) + end, "Broken in the middle"),
        ("critical", start + chunk(b"ABCD", b"x") + chunk(b"IDAT", data) + end, "An unknown critical chunk"),
        ("filter_9", start + chunk(b"IDAT", zlib.compress(b"\x09" + rows(BASE)[1:], 9)) + end, "A filter that doesn't exist"),
        ("no_plte", png(colour=3, samples=BASE[:, :, :1]), "Indices without a palette"),
        ("cgbi", b"\x89PNG\r\n\x1a\n" + chunk(b"CgBI", b"P\0 \2") + chunk(b"IHDR", header()) + chunk(b"IDAT", data[2:-4]) + end, "Xcode's PNG: CgBI"),
    ]:
        add(kind, f"{name}.png", content, what, *([] if reads(content) else ["PNG"]))


# --- Other pictures -----------------------------------------------------------------------------


def saved(kind, array=WIDE, **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


def riff(*chunks):
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def u24(*numbers):
    return b"".join(struct.pack("<I", n)[:3] for n in numbers)


def animated(array, frame, alpha=False, left=0, top=0, width=None, height=None, blend=0, background=b"\0\0\0\0"):
    """An animation whose first picture stands at (left, top) of its canvas."""
    part = saved("WEBP", frame, lossless=True, exact=True)
    at = part.index(b"VP8L")
    pieces = part[at:] + b"\0" * (len(part) & 1)
    canvas = (array.shape[1], array.shape[0])
    frame_ = lambda x, y, w, h, data: (b"ANMF", u24(x // 2, y // 2, w - 1, h - 1, 100) + bytes([blend << 1]) + data)
    other = saved("WEBP", 255 - array[:, :, :3], lossless=True)
    return riff(
        (b"VP8X", bytes([2 | (16 if alpha else 0), 0, 0, 0]) + u24(canvas[0] - 1, canvas[1] - 1)),
        (b"ANIM", background + b"\0\0"),
        frame_(left, top, frame.shape[1], frame.shape[0], pieces),
        frame_(0, 0, *canvas, other[other.index(b"VP8L"):]),
    )


def pictures():
    kind = "pictures"
    webp = io.BytesIO()
    Image.fromarray(WIDE).save(webp, "WEBP", save_all=True, append_images=[Image.fromarray(255 - WIDE)], quality=80)
    add(kind, "anim.webp", webp.getvalue(), "An animated WebP, lossy: its first picture", given=True)
    lossless = io.BytesIO()
    Image.fromarray(WIDE).save(lossless, "WEBP", save_all=True, append_images=[Image.fromarray(255 - WIDE)] * 3, lossless=True)
    add(kind, "anim_lossless.webp", lossless.getvalue(), "An animated WebP, lossless")
    one = io.BytesIO()
    Image.fromarray(WIDE).save(one, "WEBP", save_all=True, append_images=[], lossless=True)
    add(kind, "anim_of_one.webp", one.getvalue(), "One picture")
    rgba = np.concatenate([WIDE, np.full((20, 31, 1), 255, np.uint8)], 2)
    rgba[:, ::2, 3] = 0
    clear = io.BytesIO()
    Image.fromarray(rgba).save(clear, "WEBP", save_all=True, append_images=[Image.fromarray(rgba)], lossless=True, exact=True)
    add(kind, "anim_alpha.webp", clear.getvalue(), "An animated WebP with transparent pixels")
    add(kind, "anim_part.webp", animated(WIDE, WIDE[4:12, 6:20].copy(), alpha=True, left=6, top=4), "The first picture covers a part of the canvas")
    add(kind, "anim_part_background.webp", animated(WIDE, WIDE[4:12, 6:20].copy(), left=6, top=4, background=b"\x10\x20\x30\xff"), "The same, on a background colour")
    add(kind, "anim_blend_off.webp", animated(WIDE, WIDE, blend=1), "The first picture replaces the background")
    cut = lossless.getvalue()
    add(kind, "anim_second_cut.webp", cut[: len(cut) - 40], "The last picture is cut", "WebP", pixels=WIDE)

    add(kind, "a.gif", saved("GIF", WIDE), "GIF", "GIF", given=True)
    add(kind, "animated.gif", gif(), "An animated GIF", "GIF")
    add(kind, "a.bmp", saved("BMP"), "BMP", "BMP")
    add(kind, "little_endian.tif", saved("TIFF"), "TIFF", "TIFF")
    add(kind, "big_endian.tiff", b"MM\0*\0\0\0\x08" + bytes(20), "TIFF, big-endian", "TIFF")
    add(kind, "big.tiff", b"II+\0\x08\0\0\0" + bytes(20), "BigTIFF", "TIFF")
    box = lambda brand, *more: struct.pack(">I", 16 + 4 * len(more)) + b"ftyp" + brand + bytes(4) + b"".join(more) + bytes(100)
    for name, brands, word in [
        ("a.heic", (b"heic", b"mif1", b"heic"), "HEIC"), ("mif1.heif", (b"mif1", b"mif1", b"heic"), "HEIC"), ("sequence.heics", (b"msf1", b"hevc"), "HEIC"), ("heix.heic", (b"heix",), "HEIC"),
        ("a.avif", (b"avif", b"mif1", b"avif", b"miaf"), "AVIF"), ("mif1.avif", (b"mif1", b"mif1", b"avif"), "AVIF"), ("sequence.avif", (b"avis", b"avif"), "AVIF"),
    ]:
        add(kind, name, box(*brands), f"{word}: an ISO file whose brands say so", word, given=name == "a.heic")
    add(kind, "a.jxl", b"\xff\x0a" + bytes(50), "JPEG XL, bare", "JPEG XL")
    add(kind, "container.jxl", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50), "JPEG XL in a container", "JPEG XL")
    add(kind, "a.jp2", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50), "JPEG 2000", "JPEG 2000")
    add(kind, "a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG", "SVG")
    add(kind, "a.pdf", b"%PDF-1.4\n", "PDF", "PDF")
    add(kind, "a.ico", b"\0\0\1\0\1\0" + bytes(30), "ICO", "ICO")
    add(kind, "a.psd", b"8BPS\0\1" + bytes(30), "Photoshop", "Photoshop")
    add(kind, "page.jpg", b"<!DOCTYPE html>\n<html></html>\n", "A web page, saved as a picture", "HTML")
    add(kind, "pointer.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n", "A pointer of Git LFS", "LFS")
    add(kind, "empty.jpg", b"", "An empty file", "empty")
    add(kind, "zeros.png", bytes(300), "A file of zeros")
    jpeg = saved("JPEG", quality=90)
    for name in ["a.jfif", "a.jpe", "A.JFIF", "photo.JPE", "a.jfi", "wrong.png"]:
        add(kind, name, jpeg, "A JPEG by another name")
    add(kind, "png_named.jpg", png(), "A PNG by the name of a JPEG")


def gif():
    file = io.BytesIO()
    Image.fromarray(WIDE).save(file, "GIF", save_all=True, append_images=[Image.fromarray(255 - WIDE)])
    return file.getvalue()


def exif(orientation, order="<"):
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIH", 42, 8, 1) + struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0) + bytes(4)


def raw_profile(data, wrap=36):
    digits = data.hex()
    lines = "\n".join(digits[i : i + 2 * wrap] for i in range(0, len(digits), 2 * wrap))
    return f"\nexif\n{len(data):8}\n{lines}\n".encode()


def orientations():
    kind = "exif_orientation"
    turn = {"exifOrientation": True}
    key = b"Raw profile type exif\0"
    profile = lambda n, order="<": raw_profile(b"Exif\0\0" + exif(n, order))
    ztxt = lambda text: (b"zTXt", key + b"\0" + zlib.compress(text))

    def each(name, data, what, given=False, **fields):
        add(kind, name, data, what, given=given, options=turn, **fields)

    each("raw_profile.png", png(ztxt(profile(6)), samples=WIDE), "Raw profile type exif, orientation 6", given=True)
    for n in range(1, 9):
        each(f"raw_profile_{n}.png", png(ztxt(profile(n)), samples=WIDE), f"Raw profile type exif, orientation {n}")
        each(f"exif_{n}.png", png((b"eXIf", exif(n)), samples=WIDE), f"eXIf, orientation {n}")
        each(f"jpeg_{n}.jpg", saved("JPEG", exif=b"Exif\0\0" + exif(n), quality=90), f"JPEG, orientation {n}")
    each("jpeg_big_endian.jpg", saved("JPEG", exif=b"Exif\0\0" + exif(6, ">"), quality=90), "JPEG, big-endian")
    each("raw_profile_big_endian.png", png(ztxt(profile(8, ">")), samples=WIDE), "Big-endian")
    each("raw_profile_text.png", png((b"tEXt", key + profile(6)), samples=WIDE), "As tEXt")
    each("raw_profile_itxt.png", png((b"iTXt", key + b"\0\0\0\0" + profile(6)), samples=WIDE), "As iTXt")
    each("raw_profile_itxt_packed.png", png((b"iTXt", key + b"\1\0\0\0" + zlib.compress(profile(6))), samples=WIDE), "As compressed iTXt")
    each("raw_profile_after_idat.png", png(after=[ztxt(profile(6))], samples=WIDE), "Behind the pixels")
    each("exif_after_idat.png", png(after=[(b"eXIf", exif(6))], samples=WIDE), "eXIf behind the pixels")
    each("exif_and_raw_profile.png", png(ztxt(profile(6)), (b"eXIf", exif(3)), samples=WIDE), "eXIf and a raw profile that says otherwise")
    each("raw_profile_wrapped.png", png(ztxt(raw_profile(b"Exif\0\0" + exif(6), 8)), samples=WIDE), "Short lines")
    each("raw_profile_app1.png", png((b"zTXt", b"Raw profile type APP1\0\0" + zlib.compress(profile(6))), samples=WIDE), "Raw profile type APP1, which PIL doesn't read")
    each("exif_with_header.png", png((b"eXIf", b"Exif\0\0" + exif(6)), samples=WIDE), "eXIf that starts with Exif, as some write it", pixels=WIDE)
    for name, text in [("cut", profile(6)[:30]), ("not_hex", b"\nexif\n       4\nzzzz\n"), ("empty", b""), ("lies", b"\nexif\n99999999\n45786966\n")]:
        each(f"raw_profile_{name}.png", png(ztxt(text), samples=WIDE), "A broken raw profile: not turned", pixels=WIDE)
    each("orientation_9.jpg", saved("JPEG", exif=b"Exif\0\0" + exif(9), quality=90), "An orientation that doesn't exist")
    each("webp.webp", saved("WEBP", lossless=True, exif=b"Exif\0\0" + exif(6)), "WebP with Exif in front")
    each("webp_plain.webp", saved("WEBP", lossless=True, exif=exif(6)), "WebP without")
    add(kind, "off.png", png(ztxt(profile(6)), samples=WIDE), "Not turned unless asked")


def limits():
    """PIL warns above 89,478,485 pixels and refuses above twice as many."""
    kind = "limits"

    def large(name, width, height, what, *error, note=None):
        packer = zlib.compressobj(9)
        row = b"\0" * (1 + (width + 7) // 8)
        data = b"".join(packer.compress(row * 1000) for _ in range(height // 1000)) + packer.compress(row * (height % 1000)) + packer.flush()
        content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header(width, height, 1, 0)) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
        path = out / "pictures" / kind / f"{name}.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        file = io.BytesIO()
        with gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
            packed.write(content)
        path.write_bytes(file.getvalue())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                Image.open(io.BytesIO(content))
                pil = "reads it"
            except Exception as problem:
                pil = f"{type(problem).__name__}: {problem}"
        entries.append({"file": f"{kind}/{name}", "kind": kind, "what": what, "pil": pil, "size": [width, height], **({"error": list(error)} if error else {}), **({"notes": [note]} if note else {})})

    large("below.png", 9459, 9459, "89,472,681 pixels: read without a word")
    large("warned.png", 9460, 9460, "89,491,600 pixels: read with a warning", note="89491600")
    large("refused.png", 13378, 13378, "178,970,884 pixels: refused", "178970884")
    large("just_read.png", 13377, 13377, "178,944,129 pixels: read with a warning", note="178944129")
    for name, width, height in [("claims.png", 65535, 65535), ("claims_most.png", 2**31 - 1, 2**31 - 1)]:
        content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header(width, height)) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
        add(kind, name, content, f"A header of {width} x {height} and no pixels", str(width))


ancillary()
ends()
pictures()
orientations()
limits()
lines = ",\n".join(json.dumps(entry) for entry in entries)
(out / "pictures.json").write_text(f"[\n{lines}\n]\n")
(out / "pictures.rgb").write_bytes(rgb)
print(len(entries), "pictures", size, "bytes", len(rgb), "bytes of pixels")
