"""For everybody: names for what can be used, contrast, the keyboard, small screens, less motion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect

from device.contracts import Line, Who
from device.notices import LightChanged, LightState
from tests.browser.chromium import Chrome, light
from tests.device.panel.scripted import GATEWAY, Served, record

UNNAMED = """() => [...document.querySelectorAll(
    'button, input, select, textarea, a, summary, [role=meter], [role=img], [role=log], [tabindex]'
)].filter(element => element.checkVisibility()).filter(element => {
    const labels = [...(element.labels ?? [])].map(label => label.textContent.trim()).join('');
    const pointed = (element.getAttribute('aria-labelledby') ?? '').split(' ')
        .map(id => document.getElementById(id)?.textContent ?? '').join('');
    const own = element.matches('button, a, summary') ? element.textContent.trim() : '';
    return !(element.getAttribute('aria-label') || labels || pointed || own);
}).map(element => element.outerHTML)"""

BROKEN = """() => {
    const trouble = [];
    const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) trouble.push('twice: ' + id);
    for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for'])
        for (const element of document.querySelectorAll(`[${name}]`))
            for (const id of element.getAttribute(name).split(' '))
                if (!document.getElementById(id)) trouble.push(`${name} leads nowhere: ${id}`);
    const levels = [...document.querySelectorAll('h1, h2, h3')].map(heading => Number(heading.tagName[1]));
    levels.forEach((level, at) => {
        if (at && level > levels[at - 1] + 1) trouble.push('a heading is skipped');
    });
    for (const landmark of ['header', 'main', 'footer', 'h1'])
        if (document.querySelectorAll(`body > ${landmark}, body > header > ${landmark}`).length !== 1)
            trouble.push('not one ' + landmark);
    return trouble;
}"""

FAINT = """() => {
    for (const moving of document.getAnimations()) if (moving instanceof CSSTransition) moving.finish();
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const rgba = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = ([r, g, b, alpha], under) =>
        [r, g, b].map((c, i) => c * alpha / 255 + under[i] * (1 - alpha / 255));
    const behind = element => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) {
            const layer = rgba(getComputedStyle(at).backgroundColor);
            layers.push(layer);
            if (layer[3] === 255) break;
        }
        return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
    };
    const luminance = colour => {
        const linear = c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
        const [r, g, b] = colour.map(c => linear(c / 255));
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim()) continue;
        if (!element.checkVisibility({ visibilityProperty: true })) continue;
        if (element.closest(':disabled, .unseen, svg')) continue;
        const ground = behind(element);
        const [a, b] = [luminance(over(rgba(getComputedStyle(element).color), ground)), luminance(ground)];
        const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${walker.currentNode.textContent.trim()}`);
    }
    return faint;
}"""
"""Texts whose contrast is below 4.5 to 1 (WCAG 2.2, success criterion 1.4.3, by its own formula)."""


async def full(device: Served, chrome: Chrome, **options: Any) -> Page:
    """A page with everything on it that there can be."""
    device.lines += [Line(Who.PERSON, "tell me a joke"), Line(Who.DEVICE, "Knock, knock. " * 12)]
    device.turns += [{**record(1), "asked": "system_2", "falls": ["system_1: no words within 1.5 s"]}]
    page = await chrome.open(device.url, **options)
    await page.locator("#text").fill("hello")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#log .chart")
    gone = replace(GATEWAY, up=False, why="The gateway does not answer: is it running?")
    device.session.stand(
        faults=("The light cannot be reached: is its cable in?",), online=False, system2=gone
    )
    await page.locator("#log summary").click()
    await page.get_by_role("button", name="Details").click()
    return page


def test_whatever_can_be_used_has_a_name_and_every_reference_leads_somewhere(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await full(device, chrome)
        assert await page.evaluate(UNNAMED) == []
        assert await page.evaluate(BROKEN) == []

    chrome.tell(story, network=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_in_every_state(chrome: Chrome, scheme: Literal["light", "dark"]) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await full(device, chrome, color_scheme=scheme)
        faint: dict[str, list[str]] = {}
        for state in LightState:
            device.board.post(LightChanged(state, leaving=True))
            await light(page, state.value)
            device.session.stand(muted=state is LightState.MUTED)
            await page.wait_for_timeout(30)
            if found := await page.evaluate(FAINT):
                faint[state.value] = found
        assert faint == {}

    chrome.tell(story)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_door_stands_out_too(chrome: Chrome, scheme: Literal["light", "dark"]) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.blank(color_scheme=scheme)
        await page.goto(f"{device.address}#token=wrong")
        await expect(page.locator("#door-why")).not_to_be_empty()
        assert await page.evaluate(FAINT) == []
        assert await page.evaluate(UNNAMED) == []

    chrome.tell(story)


def test_the_contrast_check_sees_what_it_looks_for(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        await page.evaluate("document.getElementById('name').style.color = '#bbbbbb'")
        (found,) = await page.evaluate(FAINT)
        assert found.endswith("Robot")
        await page.evaluate("document.getElementById('stop').replaceChildren()")
        await page.evaluate("document.getElementById('stop').removeAttribute('aria-label')")
        assert len(await page.evaluate(UNNAMED)) == 1

    chrome.tell(story)


def test_the_keyboard_goes_from_top_to_bottom(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        order = []
        for _ in range(8):
            await page.keyboard.press("Tab")
            order.append(await page.evaluate("document.activeElement.id || document.activeElement.className"))
        assert order == ["more", "talk", "stop", "talk", "mute", "repeat", "text", "send"]

    chrome.tell(story)


def test_nothing_is_wider_than_a_phone(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        phone = {"width": 360, "height": 640}
        page = await full(device, chrome, touch=True, viewport=phone)
        for opened in (True, False):
            if not opened:
                await page.get_by_role("button", name="Details").click()
            assert await page.evaluate(WIDEST) <= 360
            for name in ("Stop", "Mute the microphone", "Say it again"):
                await expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
            box = await page.locator("#stop").bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44

    chrome.tell(story, network=True)


WIDEST = """() => Math.max(document.documentElement.scrollWidth,
    ...[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('svg, .unseen'))
        .map(e => Math.floor(e.getBoundingClientRect().right)))"""


def test_who_wants_less_motion_gets_less(chrome: Chrome) -> None:
    endless = """() => document.getAnimations().filter(a => a.playState === 'running'
        && a.effect.getComputedTiming().iterations === Infinity).map(a => a.animationName)"""

    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url)
        for state in LightState:
            device.session.show(state)
            await light(page, state.value)
            await page.emulate_media(reduced_motion="no-preference")
            assert await page.evaluate(endless) != []
            await page.emulate_media(reduced_motion="reduce")
            assert await page.evaluate(endless) == [], state

    chrome.tell(story)


def test_with_forced_colours_what_is_pressed_still_shows(chrome: Chrome) -> None:
    async def story(device: Served, chrome: Chrome) -> None:
        page = await chrome.open(device.url, forced_colors="active")
        width = "getComputedStyle(document.getElementById('mute')).borderTopWidth"
        assert await page.evaluate(width) == "1px"
        device.session.mute(True)
        await expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")
        assert await page.evaluate(width) == "4px"

    chrome.tell(story)
