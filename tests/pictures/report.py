#!/usr/bin/python3
"""The report in a browser: pictures of it, and what can be checked without eyes.

  tests/pictures/report.py [build/release/ferlab] [OUT]

Makes the demo set with a few reviews and its report, and has headless Chromium draw it at 1280 and 390 pixels, light and
dark, and print it. Fails where the page is wider than the window (it is loaded in a frame whose width is read back), where a
face or a plot is not drawn, or where the page is not valid HTML (python3-html5lib, strict). The pictures are left in OUT
(build/pictures) to be looked at. Says so, and passes, where Chromium is missing.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import html5lib
except ImportError:
    html5lib = None

WIDTHS = {"desktop": 1280, "phone": 390, "small": 360}
QUIET = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --hide-scrollbars").split()

# A page around the page, which says how wide and high that is and how many of its pictures have pixels.
FRAME = """<!DOCTYPE html><meta charset=utf-8><body style="margin:0">
<iframe src="{page}" style="border:0;width:{width}px;height:{width}px"></iframe>
<script>onload = () => {{
  const page = document.querySelector("iframe").contentDocument, root = page.documentElement;
  const drawn = [...page.images].filter(image => image.complete && image.naturalWidth == 48).length;
  const plots = [...page.querySelectorAll(".plot svg")].filter(plot => plot.getBoundingClientRect().height > 100).length;
  document.title = ["measured", root.scrollWidth, root.scrollHeight, drawn, page.images.length, plots,
                    page.querySelectorAll(".plot svg").length].join(" ");
}}</script>"""


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, **options).stdout.decode()


def browse(*words):
    with tempfile.TemporaryDirectory() as profile:
        return run(CHROMIUM, *QUIET, f"--user-data-dir={profile}", *words, stderr=subprocess.DEVNULL, timeout=300)


def make_report(program, folder):
    """The demo's faces, with reviews of every kind, on the page."""
    run(program, "demo", "--dir", folder / "demo", "--report", "--quiet")
    workspace = folder / "demo" / "demo.ferlab"
    environment = dict(os.environ, FERLAB_REVIEWER="ana")

    def review(*words):
        run(program, "-w", workspace, *words, "--quiet", env=environment)

    review("label", "--where", "split:valid pred=happiness label!=happiness", "happiness", "--yes")
    review("accept", "--where", "split:valid suspect<0.05", "--yes")
    review("note", "1", "<script>document.title = 'run'</script> blurred & dark")
    review("flag", "2")
    review("undo")
    page = folder / "report.html"
    run(program, "-w", workspace, "report", page)
    return page


def expect_valid(page):
    if html5lib is None:
        print("not checked for valid HTML: Debian has python3-html5lib")
        return
    html5lib.HTMLParser(strict=True).parse(page.read_text(encoding="utf-8"))


def measure(page, width):
    """Width and height of the page in a window of that width; True where all of its pictures are drawn."""
    frame = page.with_name("frame.html")
    frame.write_text(FRAME.format(page=page.name, width=width))
    told = browse("--allow-file-access-from-files", "--virtual-time-budget=20000", f"--window-size={max(width, 800)},1000",
                  "--dump-dom", frame.as_uri())
    found = re.search(r"<title>measured (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)</title>", told)
    if not found:
        raise AssertionError("the page could not be measured")
    wide, high, drawn, images, plots, all_plots = map(int, found.groups())
    return wide, high, drawn == images > 0 and plots == all_plots > 0


def main():
    program = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/ferlab").resolve()
    out = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "build/pictures").resolve()
    out.mkdir(parents=True, exist_ok=True)
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        page = make_report(program, pathlib.Path(folder))
        shutil.copy(page, out / "report.html")
        expect_valid(page)
        for name, width in WIDTHS.items():
            wide, high, drawn = measure(page, width)
            fine = wide <= width and drawn
            failures += not fine
            print(f"{name}: {wide} of {width} pixels wide, {high} high, pictures "
                  f"{'drawn' if drawn else 'missing'}: {'fine' if fine else 'WRONG'}")
            for scheme, number in (("dark", 0), ("light", 1)):
                browse(f"--window-size={width},{high}", f"--blink-settings=preferredColorScheme={number}",
                       f"--screenshot={out / f'report-{name}-{scheme}.png'}", page.as_uri())
        browse("--no-pdf-header-footer", f"--print-to-pdf={out / 'report.pdf'}", page.as_uri())
    for picture in sorted(out.glob("report*")):
        print(picture)
    return failures > 0


CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    print("skipped: no chromium here; Debian's package has that name")
    sys.exit(0)
sys.exit(main())
