#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at the dashboard as somebody on call would: tests/browser/dashboard.py URL CARD SHOTS
Says 'ready' once the page shows a ready service. Whoever started it then raises an alert for the
card (its number ends as shown) and a dead letter of the class NoCard. Exits with 0 when the page
shows them, looks the card up, keeps its own rules, and has been photographed into SHOTS."""

import os
import sys

from chromium import Page

SECONDS = 280
TAB = 9

# Texts whose contrast with what is behind them is less than WCAG's 4.5 to 1.
FAINT = """
(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.fillStyle = '#000'; canvas.fillStyle = colour;
    canvas.clearRect(0, 0, 1, 1); canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const part = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || element.closest('svg') || !element.checkVisibility()) continue;
    const a = light(rgb(getComputedStyle(element).color)), b = light(behind(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(element.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return faint;
})()
"""

NAMELESS = """
[...document.querySelectorAll('button, input, canvas, progress, a, svg[role]')].filter((e) =>
  e.checkVisibility() && !(e.textContent.trim() || e.getAttribute('aria-label') ||
  (e.labels && e.labels.length))).map((e) => e.outerHTML.slice(0, 80))
"""


def fail_if(found, what):
    if found:
        raise AssertionError(f"{what}: {found}")


def check_alert(page, card):
    masked = "*" * 12 + card[-4:]
    page.await_true(f"document.getElementById('alert-list').textContent.includes('{masked}')")
    item = page.run("document.querySelector('#alert-list li').textContent")
    for part in (masked, "high_purchase_count", "3 purchases", "purchases"):
        assert part in item, (part, item)
    fail_if(page.run(f"document.documentElement.outerHTML.includes('{card}')"), "the whole number")


def check_dead_letter(page):
    page.await_true("document.querySelector('details[data-name=NoCard]') !== null")
    page.run("document.querySelector('details[data-name=NoCard]').open = true")
    page.await_true("/partition \\d+ offset/.test("
                    "document.querySelector('details[data-name=NoCard]').textContent)")


def check_figures(page):
    for name in ("rate", "alert-rate", "lag", "behind", "latency", "letters", "cards"):
        page.await_true(f"/\\d/.test(document.getElementById('{name}').textContent)")
    page.await_true("document.querySelectorAll('#partitions tr').length > 0")
    page.await_true("document.querySelectorAll('#workers tr').length > 0")
    assert page.run("document.querySelectorAll('#charts canvas').length") == 6


def look_up(page, card):
    page.run("document.getElementById('card-number').focus()")
    page.call("Input.insertText", text=card)
    page.run("document.querySelector('#card-form button').click()")
    page.await_true("document.querySelectorAll('#card-answer svg circle.burst').length === 1")
    assert page.run("document.querySelectorAll('#card-answer svg circle.counted').length") == 2
    page.run("document.getElementById('card-number').value = ''")


def check_keyboard(page):
    page.run("document.activeElement.blur()")
    reached = []
    for _ in range(30):  # it wraps around
        page.key("Tab", TAB)
        reached.append(page.run("document.activeElement.id || document.activeElement.className"
                                " || document.activeElement.tagName"))
    for name in ("skip", "hold", "card-number", "fine", "coarse"):
        assert name in reached, (name, reached)


def check_page(page, url):
    fail_if(page.errors, "the browser complains")
    fail_if([other for other in page.urls if not other.startswith(url)], "fetched elsewhere")
    fail_if(page.run(NAMELESS), "without a name")


def photograph(page, shots):
    for scheme in ("light", "dark"):
        page.scheme(scheme)
        for name, size in (("desktop", (1440, 900)), ("phone", (390, 844, 2, True))):
            page.resize(*size)
            page.run("new Promise((done) => setTimeout(done, 1500))")
            fail_if(page.run("document.documentElement.scrollWidth > innerWidth"), "too wide")
            fail_if(page.run(FAINT), f"faint on {scheme}")
            page.shoot(os.path.join(shots, f"dashboard-{name}-{scheme}.png"))


def main(url, card, shots):
    os.makedirs(shots, exist_ok=True)
    page = Page(SECONDS)
    try:
        page.resize(1440, 900)
        page.scheme("light")
        page.call("Page.navigate", url=url)
        page.await_true("document.getElementById('state')?.textContent === 'Ready'")
        print("ready", flush=True)
        check_alert(page, card)
        print("alert", flush=True)
        check_dead_letter(page)
        print("dead letter", flush=True)
        check_figures(page)
        print("figures", flush=True)
        look_up(page, card)
        print("look-up", flush=True)
        check_keyboard(page)
        print("keyboard", flush=True)
        photograph(page, shots)
        check_page(page, url)
    finally:
        page.close()
    print("seen", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
