"""A real browser on the real client: Chromium, by Playwright, that fails a test for whatever a page complains of.

Invariants: a page that threw, wrote an error to the console or broke its content security policy fails its test, also
when all else went well. The browser's own line about a status or a lost network, which the tests cause, does not.
"""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Geolocation,
    Locator,
    Page,
    async_playwright,
    expect,
)

from deploy.demo.people import PASSWORD
from deploy.local.processes import run

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
OWN_LINE = "Failed to load resource"
"""How the browser begins what it says of every answer that is an error."""

PATIENCE_MS = 20_000
DESKTOP, PHONE, NARROW = (1280, 800), (390, 844), (320, 640)
every_size = pytest.mark.parametrize("size", [DESKTOP, PHONE, NARROW], ids=["desktop", "phone", "narrow"])
Theme = Literal["light", "dark"]

TOO_SMALL = """() => [...document.querySelectorAll(
    "button, .button, summary, select, input:not([type=checkbox], [type=radio])"
)].filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.offsetHeight < 44)
  .map((each) => `${each.outerHTML.slice(0, 80)} is ${each.offsetHeight} px high`)"""
"""What is pressed or filled in and lower than a thumb."""
COVERED = """() => {
    const held = document.activeElement, box = held.getBoundingClientRect();
    const on = document.elementFromPoint(box.x + Math.min(box.width, 40) / 2, box.y + box.height / 2);
    return held.contains(on) || on?.contains(held) ? null : `${held.outerHTML.slice(0, 80)} at ${box.y}`;
}"""
"""What has the focus and is covered by something else, or out of the window."""
BEYOND = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CHANGED = """() => {
    const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < Infinity);
    return Promise.allSettled(ending.map((one) => one.finished)).then(() => {});
}"""
"""Resolves once colours are what they will be."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=_installed(), headless=True, chromium_sandbox=False, args=list(ARGUMENTS)
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Screen:
    """One person's browser: a page, and what it complained of."""

    context: BrowserContext
    page: Page
    edge: str
    complaints: list[str] = field(default_factory=list)

    async def sign_in(self, email: str) -> None:
        """Until what is shown is live."""
        await self.page.goto(self.edge)
        await self.page.get_by_label("Email").fill(email)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Sign in").click()
        await self.expect_connection("Live")

    async def expect_connection(self, state: str) -> None:
        status = self.page.get_by_role("status", name=f"Connection: {state}")
        await expect(status).to_be_visible(timeout=PATIENCE_MS)

    async def expect_accessible(self) -> None:
        """Nothing reaches beyond the page's sides, nothing to press is too small for a thumb, and axe knows of no
        violation, in light and in dark, which differ in their colours alone. The narrowest page is a phone's with less
        room: axe has seen it there."""
        assert await self.page.evaluate(BEYOND) <= 0, self.page.url
        small = await self.page.evaluate(TOO_SMALL)
        assert small == [], small
        if self.page.viewport_size is not None and self.page.viewport_size["width"] == NARROW[0]:
            return
        await self._expect_no_violation("dark", {"runOnly": ["color-contrast"]})
        await self._expect_no_violation("light", {})

    async def _expect_no_violation(self, theme: Theme, rules: dict[str, object]) -> None:
        await self.page.emulate_media(color_scheme=theme)
        await self.page.evaluate(CHANGED)
        results = await Axe().run(self.page, options={"resultTypes": ["violations"], **rules})
        assert results.violations_count == 0, f"{theme}: {results.generate_report()}"

    async def tap_twice(self, what: Locator) -> None:
        """As wet hands do: a tenth of a second later, and where it was at first."""
        await what.scroll_into_view_if_needed()
        box = await what.bounding_box()
        assert box is not None
        for _ in range(2):
            await self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            await self.page.wait_for_timeout(100)


@asynccontextmanager
async def screen(
    browser: Browser,
    edge: str,
    *,
    size: tuple[int, int] = DESKTOP,
    theme: Theme = "light",
    place: Geolocation | None = None,
) -> AsyncIterator[Screen]:
    """A browser of its own, with nothing in it, and at a place where it may say so. Fails, once all went well, for what
    the page complained of."""
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        locale="en-US",
        timezone_id="America/New_York",
        geolocation=place,
        permissions=[] if place is None else ["geolocation"],
    )
    shown = Screen(context, await context.new_page(), edge)
    shown.page.on("pageerror", lambda error: shown.complaints.append(f"threw: {error}"))
    shown.page.on("console", lambda message: _hear(shown.complaints, message))
    try:
        yield shown
        assert shown.complaints == []
    finally:
        await context.close()


def _hear(complaints: list[str], message: ConsoleMessage) -> None:
    if message.type == "error" and not message.text.startswith(OWN_LINE):
        complaints.append(message.text)


def _installed() -> str:
    found = _which()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get") is not None:
        options = {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (("apt-get", "update"), INSTALL):
            run(command, environment=options, timeout=600)
        found = _which()
    if found is None:
        raise AssertionError(f"Chromium is not installed. Type: sudo {' '.join(INSTALL)}")
    return found


def _which(names: Sequence[str] = NAMES) -> str | None:
    return next((path for path in map(shutil.which, names) if path is not None), None)
