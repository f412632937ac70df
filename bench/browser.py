"""What a slow phone on a slow line sees: Heliograph's pages beside plain static pages with the same photos.

    bin/up --demo                                   # in another terminal
    python -m bench.browser [--url http://127.0.0.1:8000] [--runs 5]

Chromium with its processor slowed down four times and a slow 4G line (1.6 Mbit/s down, 750 kbit/s up, 150 ms), no
cache; medians. The plain page is HTML with the same pictures in the same sizes and nothing else, from a server in this
process. LCP: largest contentful paint. CLS: layout shift, scrolled to the end. INP: the slowest of ten likes, to the
next paint (the browser rounds to 8 ms), beside the slowest of ten taps on a button of the plain feed that changes its
own heart and asks nobody.
"""

from __future__ import annotations

import argparse
import gzip
import http.server
import statistics
import threading
from html import escape
from shutil import which
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

_PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
_LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
_WATCH = """
window.seen = {lcp: 0, cls: 0, inp: 0};
new PerformanceObserver(l => l.getEntries().forEach(e => seen.lcp = e.startTime))
    .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver(l => l.getEntries().forEach(e => { if (!e.hadRecentInput) seen.cls += e.value; }))
    .observe({type: "layout-shift", buffered: true});
new PerformanceObserver(l => l.getEntries().filter(e => e.interactionId)
    .forEach(e => seen.inp = Math.max(seen.inp, e.duration)))
    .observe({type: "event", durationThreshold: 16, buffered: true});
"""
_LIKE = "article.card [data-toggle=like] button"
_HEART = "<button onclick=\"this.textContent = this.textContent == '♡' ? '♥' : '♡'\">♡</button>"
_PICTURES = """() => [...document.querySelectorAll("main img:not(.ahead)")].map(e => ({
    src: e.getAttribute("src"), srcset: e.getAttribute("srcset") || "", sizes: e.sizes, width: e.getAttribute("width"),
    height: e.getAttribute("height"), lazy: e.loading == "lazy"}))"""


class Plain(http.server.SimpleHTTPRequestHandler):
    """Serves the plain pages, and copies of the pictures."""

    protocol_version = "HTTP/1.1"
    files: dict[str, tuple[str, bytes]] = {}

    def do_GET(self) -> None:
        kind, body = self.files.get(self.path, ("text/plain", b""))
        self.send_response(200 if self.path in self.files else 404)
        self.send_header("Content-Type", kind)
        if kind.startswith("text/html"):
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    plain = f"http://127.0.0.1:{server.server_address[1]}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        cookies = _look_around(browser, asked.url)
        page = _page(browser, asked.url, cookies, slow=False)
        page.goto(f"{asked.url}/")
        photo = str(page.locator("article.card a.photo").first.get_attribute("href"))
        owner = str(page.locator("article.card header a.name").first.get_attribute("href"))
        print(f"{'page':10} {'':10} {'LCP ms':>8} {'CLS':>7} {'KB beside photos':>17} {'photos KB':>10}")
        for name, path in (("feed", "/"), ("photo", photo), ("profile", owner)):
            page.goto(asked.url + path)
            _copy(page, asked.url, f"/{name}.html", cookies)
            ours = _measured(browser, asked.url + path, cookies, asked.runs)
            theirs = _measured(browser, f"{plain}/{name}.html", cookies, asked.runs)
            _say(name, "Heliograph", ours)
            _say(name, "plain", theirs)
            print(f"{name:10} {'ratio':10} {ours['lcp'] / theirs['lcp']:8.2f}")
        print(f"{'':10} {'':10} {'INP ms':>8}")
        like = _interaction(browser, asked.url, _LIKE, cookies, asked.runs)
        tap = _interaction(browser, f"{plain}/feed.html", "button", cookies, asked.runs)
        print(f"{'like':10} {'Heliograph':10} {like:8.0f}")
        print(f"{'tap':10} {'plain':10} {tap:8.0f}")
        print(f"{'like':10} {'ratio':10} {like / tap:8.2f}")
        browser.close()
    server.shutdown()


def _look_around(browser: Browser, url: str) -> list[Any]:
    """Sign in as a visitor of a demo network."""
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Look around as Alice").first.click()
    page.wait_for_url("**/")
    cookies = context.cookies()
    context.close()
    return list(cookies)


def _page(browser: Browser, url: str, cookies: list[Any], *, slow: bool) -> Page:
    context: BrowserContext = browser.new_context(**_PHONE, service_workers="block")  # type: ignore[arg-type]
    context.add_cookies(cookies)
    context.add_init_script(_WATCH)
    page = context.new_page()
    if slow:
        tools = context.new_cdp_session(page)
        tools.send("Network.enable")
        tools.send("Network.emulateNetworkConditions", _LINE)
        tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    return page


def _copy(page: Page, url: str, where: str, cookies: list[Any]) -> None:
    """Keep the pictures of a page, and a plain page with them."""
    pictures = page.evaluate(_PICTURES)
    cookie = "; ".join(f"{it['name']}={it['value']}" for it in cookies)
    body = [
        "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Photos</title>"
    ]
    body.append("<style>img{max-width:100%;height:auto}</style>")
    for it in pictures:
        for source in filter(
            None, [it["src"], *(part.split()[0] for part in it["srcset"].split(",") if part)]
        ):
            path = urlsplit(source).path + "?" + urlsplit(source).query
            if path not in Plain.files:
                with urlopen(Request(urljoin(url, source), headers={"Cookie": cookie})) as answer:
                    Plain.files[path] = (answer.headers["Content-Type"], answer.read())
        more = "".join(
            f' {name}="{escape(str(it[name]))}"'
            for name in ("srcset", "sizes", "width", "height")
            if it[name]
        )
        body.append(
            f'<p><img src="{escape(it["src"])}"{more}{" loading=lazy" if it["lazy"] else ""} alt="">{_HEART}</p>'
        )
    Plain.files[where] = ("text/html; charset=utf-8", "\n".join(body).encode())


def _measured(browser: Browser, url: str, cookies: list[Any], runs: int) -> dict[str, float]:
    """Medians of several first views."""
    found: list[dict[str, float]] = []
    for _ in range(runs):
        page = _page(browser, url, cookies, slow=True)
        weights = {"photos": 0.0, "rest": 0.0}
        tools = page.context.new_cdp_session(page)
        tools.send("Network.enable")
        kinds: dict[str, str] = {}
        tools.on("Network.responseReceived", lambda e, kinds=kinds: kinds.update({e["requestId"]: e["type"]}))
        tools.on("Network.loadingFinished", lambda e, w=weights, kinds=kinds: _weigh(e, w, kinds))
        page.goto(url, wait_until="load")
        page.wait_for_timeout(1500)
        lcp, weights = page.evaluate("seen.lcp"), dict(weights)
        page.mouse.move(200, 400)
        for _step in range(12):
            page.mouse.wheel(0, 900)
            page.wait_for_timeout(60)
        found.append({"lcp": lcp, "cls": page.evaluate("seen.cls"), **weights})
        page.context.close()
    return {name: statistics.median(it[name] for it in found) for name in found[0]}


def _weigh(event: Any, weights: dict[str, float], kinds: dict[str, str]) -> None:
    kind = "photos" if kinds.get(event["requestId"]) == "Image" else "rest"
    weights[kind] += event["encodedDataLength"] / 1000


def _interaction(browser: Browser, url: str, button: str, cookies: list[Any], runs: int) -> float:
    """The slowest of ten taps on the first button, to the next paint; the median of several visits."""
    slowest: list[float] = []
    for _ in range(runs):
        page = _page(browser, url, cookies, slow=True)
        page.goto(url)
        page.wait_for_timeout(1500)
        for _tap in range(10):
            page.locator(button).first.tap()
            page.wait_for_timeout(400)
        slowest.append(float(page.evaluate("seen.inp")))
        page.context.close()
    return statistics.median(slowest)


def _say(name: str, who: str, it: dict[str, float]) -> None:
    print(f"{name:10} {who:10} {it['lcp']:8.0f} {it['cls']:7.4f} {it['rest']:17.1f} {it['photos']:10.0f}")


if __name__ == "__main__":
    main()
