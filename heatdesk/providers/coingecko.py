"""CoinGecko: market dots without a key.

Contract: ``GET /coins/markets`` (a page of at most 250 coins of a category) and
``GET /coins/categories``. Keyless the budget is shared by everybody behind the same address;
a free demo key has one of its own. The figures are computed in `coingecko_dots`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Final

from heatdesk.errors import BadPayload
from heatdesk.frames import DotSub, Frame, KeyState, Subscription
from heatdesk.frames.market import MarketFrame
from heatdesk.net.budget import Limits, OnWait
from heatdesk.providers.base import Cost, Provider, ProviderSpec, Span, poll
from heatdesk.providers.coingecko_dots import TITLE, parse_coins, parse_groups
from heatdesk.settings import Settings

_PAGE: Final = 250
_TOP: Final = ("top-100", 50)
# The list that is called Top 50 everywhere; CoinGecko has no category of that name.
_PLANS: dict[str, Limits] = {
    # What the documents promise a key differs (30 or 100 a minute): less than the least of it.
    "demo": Limits(minute=25, month=10_000),
    # Shared with everybody behind the same address; nobody documents how much it is.
    "keyless": Limits(minute=5),
}


class CoinGecko(Provider):
    """Market dots by category, narrative or ecosystem."""

    spec = ProviderSpec(
        id="coingecko",
        title=TITLE,
        needs_key=False,
        offers=(DotSub,),
        key_hint="www.coingecko.com, developer dashboard (free; it works without one, too)",
        key_pattern=r"CG-[A-Za-z0-9]{20,}",
    )

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """Budgets of the plan in the settings."""
        return _PLANS[settings.providers.coingecko.tier]

    @classmethod
    def base_url(cls, settings: Settings) -> str:
        """Base that ``/coins/markets`` is appended to."""
        return settings.providers.coingecko.base_url

    @classmethod
    def wants_key(cls, settings: Settings) -> bool:
        """Only the demo plan has a key."""
        return settings.providers.coingecko.tier == "demo"

    @classmethod
    def key_headers(cls, key: str, settings: Settings) -> dict[str, str]:
        """The header of the demo plan."""
        return {"x-cg-demo-api-key": key}

    @property
    def period_s(self) -> float:
        """Polling pace."""
        return self.context.settings.providers.coingecko.period_s

    def cost(self, sub: Subscription) -> Cost:
        """As many calls as the list has pages, now and each period."""
        calls = len(self._pages(sub)) if isinstance(sub, DotSub) else 1
        a_month = round(30 * 86_400 / self.period_s) * calls
        what = "One call" if calls == 1 else f"{calls} calls"
        text = f"{what} every {self.period_s / 60:g} min"
        allowance = self.limits().month
        text += f", {a_month:,} of {allowance:,} a month." if allowance else ", without a key."
        return Cost(first=calls, update=calls, period_s=self.period_s, text=text)

    async def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        """Yield the dots now and every period."""
        polling = poll(self.context.clock, partial(self._fetch, sub), lambda: self.period_s)
        async with aclosing(polling) as frames:
            async for frame in frames:
                yield frame

    async def fetch(self, sub: Subscription, span: Span | None = None) -> MarketFrame:
        """Ask for one set of dots.

        Raises
        ------
        ProviderError
            As the client maps it; `BadPayload` when the answer is not the contract.
        """
        return await self._fetch(sub)

    async def _fetch(self, sub: Subscription, on_wait: OnWait | None = None) -> MarketFrame:
        if not isinstance(sub, DotSub):
            raise TypeError(f"CoinGecko does not serve {type(sub).__name__}")
        if sub.mode != "coins":
            order = [("order", "market_cap_desc")]
            return parse_groups(await self._ask("/coins/categories", order, on_wait), sub.mode)
        pages: list[object] = []
        for params in self._pages(sub):
            page = await self._ask("/coins/markets", params, on_wait)
            pages.append(page)
            if isinstance(page, list) and len(page) < int(dict(params)["per_page"]):
                break
        if pages == [[]]:
            text = f"CoinGecko sent no coin of the category {sub.category}."
            raise BadPayload(self.spec.id, text, field="[0]")
        return parse_coins(pages, sub.category)

    def _pages(self, sub: DotSub) -> list[list[tuple[str, str]]]:
        """Parameters of each call that a list takes."""
        if sub.mode != "coins":
            return [[]]
        top, count = _TOP
        if sub.category != top:
            count = self.context.settings.providers.coingecko.coins
        # Every page has the same length: the service counts pages, not coins.
        pages = -(-count // _PAGE)
        length = -(-count // pages)
        fixed = [
            ("vs_currency", "usd"),
            ("order", "market_cap_desc"),
            ("per_page", str(length)),
            ("price_change_percentage", "24h,7d,30d,1y"),
        ]
        if sub.category != top:
            fixed.append(("category", sub.category))
        return [[*fixed, ("page", str(page + 1))] for page in range(pages)]

    async def _ask(
        self, path: str, params: Sequence[tuple[str, str]], on_wait: OnWait | None
    ) -> object:
        http = self.context.http
        return http.loads(await http.get(path, params, weight=1, on_wait=on_wait))

    async def check_key(self) -> tuple[KeyState, str]:
        """One call that costs little, counted; without the demo plan no key is sent."""
        if not self.wants_key(self.context.settings):
            text = "CoinGecko is asked without a key: choose its demo plan in the settings first."
            return KeyState.NOT_NEEDED, text
        await self._ask("/ping", (), None)
        return KeyState.ACCEPTED, "The key works: CoinGecko answered."
