"""What kind of thing a symbol names, told from its letters alone: nobody reports it.

The name is taken apart at ``/ - _ : .`` and blanks (``BTC/USDT:USDT``, ``XAU_USD``), an exchange before a colon left out
(``NASDAQ:AAPL``), and a part that runs two known names together is taken apart, too (``BTCUSDT``, ``EURUSD``). Then the first
that holds decides:

1. commodity: it begins with a metal, an oil, a gas or a crop (``XAU``, ``WTI``, ``BRENT``, ``NG``, …)
2. crypto: one of the parts is a known coin or stablecoin
3. forex: it is two currencies of ISO 4217
4. equity: it is a plain ticker of one to five letters, with the letter of a share class or without (``AAPL``, ``BRK.B``)
5. other: everything else
"""

import re
from functools import lru_cache
from typing import Literal

AssetClass = Literal["crypto", "forex", "commodity", "equity", "other"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMODITIES = _words(
    """
    XAU XAG XPT XPD XCU WTI BRENT NG NATGAS GOLD SILVER PLATINUM PALLADIUM COPPER OIL USOIL UKOIL WTICO BCO XTI XBR XNG CORN WHEAT SOYBN SUGAR
    COFFEE COCOA COTTON
    """
)
# The ends of names such as 1000PEPEUSDT, whose beginning need not be known.
STABLECOINS = _words("USDT USDC BUSD FDUSD TUSD")
COINS = STABLECOINS | _words(
    """
    BTC XBT WBTC ETH STETH WETH BNB SOL XRP ADA DOGE TRX TON DOT MATIC POL LTC BCH BSV SHIB AVAX LINK XLM UNI ATOM XMR ETC HBAR FIL APT ARB OP
    NEAR ICP VET INJ IMX STX GRT RUNE MKR AAVE ALGO SAND MANA AXS EGLD THETA FTM XTZ EOS FLOW KAVA NEO IOTA SNX CRV LDO QNT CHZ ZEC DASH ENJ BAT
    COMP YFI SUSHI ZIL KSM WAVES ONT QTUM ICX OMG ZRX SUI SEI TIA PEPE FLOKI BONK WIF JUP PYTH ORDI KAS FET AGIX OCEAN RNDR RENDER GALA DYDX GMX
    BLUR ENA ONDO WLD STRK TAO TRUMP HYPE CRO OKB LEO KCS CAKE DAI USDE PYUSD PAXG PAX USDP GUSD UST USTC LUNA LUNC NEXO ROSE MINA CELO ANKR
    """
)
FIAT = _words(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNH CNY COP CRC CUP CVE CZK
    DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF
    KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
    PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL
    """
)
KNOWN = COMMODITIES | COINS | FIAT
EXCHANGE = re.compile(r"^[A-Z0-9]+:(?=[^/]*$)")
BETWEEN = re.compile(r"[/\-_:.\s]+")
TICKER = re.compile(r"^[A-Z]{1,5}([.\-][A-Z])?$")


@lru_cache(maxsize=100_000)
def asset_class(symbol: str) -> AssetClass:
    """Return what a symbol names; see the module for the rule."""
    name = EXCHANGE.sub("", symbol.strip().upper()).removesuffix("=X")
    parts = [part for word in BETWEEN.split(name) if word for part in _taken_apart(word)]
    if parts and parts[0] in COMMODITIES:
        return "commodity"
    if any(part in COINS for part in parts):
        return "crypto"
    if len(parts) == 2 and FIAT.issuperset(parts):
        return "forex"
    return "equity" if TICKER.match(name) else "other"


def _taken_apart(word: str) -> list[str]:
    """Return the two names that a word runs together, else the word."""
    if word not in KNOWN:
        for place in range(2, len(word) - 1):
            first, second = word[:place], word[place:]
            if second in STABLECOINS or (first in KNOWN and second in KNOWN):
                return [first, second]
    return [word]
