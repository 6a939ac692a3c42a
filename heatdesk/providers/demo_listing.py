"""Who is listed in the demo market: well-known names at about their usual scale.

Prices, market values and memberships are rounded and only meant to look familiar; nothing in
the demo market is a quotation.
"""

from __future__ import annotations

ECOSYSTEMS: dict[str, tuple[str, str]] = {
    "eth": ("ethereum-ecosystem", "Ethereum"),
    "sol": ("solana-ecosystem", "Solana"),
    "btc": ("bitcoin-ecosystem", "Bitcoin"),
    "bsc": ("binance-smart-chain", "BNB Chain"),
    "base": ("base-ecosystem", "Base"),
    "arb": ("arbitrum-ecosystem", "Arbitrum"),
    "sui": ("sui-ecosystem", "Sui"),
    "avax": ("avalanche-ecosystem", "Avalanche"),
    "tron": ("tron-ecosystem", "TRON"),
    "hl": ("hyperliquid-ecosystem", "Hyperliquid"),
    "pol": ("polygon-ecosystem", "Polygon"),
    "apt": ("aptos-ecosystem", "Aptos"),
    "op": ("optimism-ecosystem", "Optimism"),
    "bera": ("berachain-ecosystem", "Berachain"),
    "mnt": ("mantle-ecosystem", "Mantle"),
    "strk": ("starknet-ecosystem", "Starknet"),
    "sei": ("sei-v2-ecosystem", "Sei"),
    "scr": ("scroll-ecosystem", "Scroll"),
}
"""Ecosystems by the short word of the table: the provider's slug and the name."""

NARRATIVES: dict[str, tuple[str, str]] = {
    "l1": ("layer-1", "Layer 1"),
    "l2": ("layer-2", "Layer 2"),
    "defi": ("decentralized-finance-defi", "DeFi"),
    "meme": ("meme-token", "Memes"),
    "ai": ("artificial-intelligence", "AI"),
    "agent": ("ai-agents", "AI Agents"),
    "defai": ("defai", "DeFAI"),
    "game": ("gaming", "Gaming"),
    "rwa": ("real-world-assets-rwa", "Real World Assets"),
    "depin": ("depin", "DePIN"),
    "nft": ("non-fungible-tokens-nft", "NFT"),
    "perp": ("decentralized-perpetuals", "Perp DEX"),
    "pm": ("prediction-markets", "Prediction Markets"),
    "cex": ("centralized-exchange-token-cex", "Exchange Tokens"),
}
"""Narratives by the short word of the table: the provider's slug and the name."""

_EVERY_CHAIN = tuple(word for word in ECOSYSTEMS if word != "btc")
WORD_GROUPS: dict[str, tuple[str, ...]] = {
    "everywhere": _EVERY_CHAIN,
    "evm": ("eth", "bsc", "base", "arb", "avax", "pol", "op", "mnt", "scr", "bera", "sei", "hl"),
    "some": ("eth", "arb", "base", "op", "pol", "avax", "bsc"),
}

# symbol | id | name | price USD | market value in millions USD | where it belongs
LISTING = """
BTC|bitcoin|Bitcoin|71200|1420000|l1 btc
ETH|ethereum|Ethereum|2140|258000|l1 eth strk
USDT|tether|Tether|1|186000|everywhere
BNB|binancecoin|BNB|645|88000|l1 cex bsc
XRP|ripple|XRP|1.44|87600|l1
USDC|usd-coin|USDC|1|76500|everywhere
SOL|solana|Solana|92.4|52300|l1 sol
TRX|tron|TRON|0.286|27100|l1 tron
DOGE|dogecoin|Dogecoin|0.0978|16500|meme
HYPE|hyperliquid|Hyperliquid|32.6|10900|l1 perp defi hl
ADA|cardano|Cardano|0.283|10300|l1
BCH|bitcoin-cash|Bitcoin Cash|478|9560|l1
LEO|leo-token|LEO Token|8.72|8040|cex eth
LINK|chainlink|Chainlink|9.14|6470|defi rwa everywhere
XMR|monero|Monero|336|6200|l1
USDE|ethena-usde|Ethena USDe|1|6120|everywhere
XLM|stellar|Stellar|0.166|5440|l1 rwa
DAI|dai|Dai|1|5360|evm strk
LTC|litecoin|Litecoin|55.7|4290|l1
WBTC|wrapped-bitcoin|Wrapped Bitcoin|71150|8900|everywhere btc
AVAX|avalanche-2|Avalanche|9.62|4150|l1 rwa avax
HBAR|hedera-hashgraph|Hedera|0.0946|4060|l1 rwa
SUI|sui|Sui|0.98|3780|l1 sui
ZEC|zcash|Zcash|236|3890|l1
SHIB|shiba-inu|Shiba Inu|0.00000592|3490|meme eth
TON|the-open-network|Toncoin|1.29|3160|l1
CRO|crypto-com-chain|Cronos|0.0772|3230|cex l1
TAO|bittensor|Bittensor|287|2790|ai depin l1
DOT|polkadot|Polkadot|1.52|2520|l1
UNI|uniswap|Uniswap|3.74|2370|defi everywhere
MNT|mantle|Mantle|0.694|2260|l2 mnt eth
OKB|okb|OKB|91.5|1920|cex eth
PAXG|pax-gold|PAX Gold|4870|2210|rwa eth
XAUT|tether-gold|Tether Gold|4860|2480|rwa eth
SKY|sky|Sky|0.0684|1570|defi rwa eth
ASTER|aster-2|Aster|0.688|1710|perp defi bsc
NEAR|near|NEAR Protocol|1.31|1680|l1 ai
AAVE|aave|Aave|111|1690|defi everywhere
BGB|bitget-token|Bitget Token|2.11|1480|cex eth
PEPE|pepe|Pepe|0.00000351|1470|meme eth
ICP|internet-computer|Internet Computer|2.46|1350|l1 ai depin
ETC|ethereum-classic|Ethereum Classic|8.37|1300|l1
ONDO|ondo-finance|Ondo|0.262|1270|rwa defi eth
WLD|worldcoin-wld|Worldcoin|0.391|1160|ai op eth
KAS|kaspa|Kaspa|0.0331|890|l1
POL|polygon-ecosystem-token|POL|0.0986|1040|l2 pol eth
ENA|ethena|Ethena|0.1042|860|defi rwa eth
ATOM|cosmos|Cosmos Hub|1.79|890|l1
KCS|kucoin-shares|KuCoin|8.21|1080|cex eth
QNT|quant-network|Quant|63.1|920|rwa eth
TRUMP|official-trump|Official Trump|3.18|740|meme sol
ALGO|algorand|Algorand|0.0873|780|l1 rwa
RENDER|render-token|Render|1.83|950|ai depin sol
APT|aptos|Aptos|0.952|740|l1 apt
FIL|filecoin|Filecoin|0.892|680|depin ai
ARB|arbitrum|Arbitrum|0.0963|570|l2 arb eth
GT|gatechain-token|Gate|6.74|790|cex eth
NEXO|nexo|NEXO|0.843|840|cex defi eth
JUP|jupiter-exchange-solana|Jupiter|0.151|510|defi perp sol
BONK|bonk|Bonk|0.00000617|540|meme sol
PUMP|pump-fun|Pump.fun|0.00193|690|meme defi sol
VIRTUAL|virtual-protocol|Virtuals Protocol|0.672|440|ai agent defai base
FET|fetch-ai|Artificial Superintelligence|0.164|380|ai agent defai eth
STX|blockstack|Stacks|0.243|440|l2 btc
SEI|sei-network|Sei|0.0672|440|l1 sei
OP|optimism|Optimism|0.132|270|l2 op eth
IMX|immutable-x|Immutable|0.164|330|game nft l2 eth
INJ|injective-protocol|Injective|3.02|300|l1 defi rwa perp
LDO|lido-dao|Lido DAO|0.318|280|defi everywhere
CRV|curve-dao-token|Curve DAO|0.236|350|defi evm
PENGU|pudgy-penguins|Pudgy Penguins|0.00671|420|meme nft sol
GRT|the-graph|The Graph|0.0262|280|ai depin some
TIA|celestia|Celestia|0.318|280|l1
STRK|starknet|Starknet|0.0462|260|l2 strk eth
IP|story-2|Story|0.981|350|l1 ai nft
FLOKI|floki|FLOKI|0.0000304|290|meme game bsc eth
SPX|spx6900|SPX6900|0.301|280|meme eth
PENDLE|pendle|Pendle|1.23|210|defi rwa evm
GNO|gnosis|Gnosis|128|340|pm defi l1 eth
WIF|dogwifcoin|dogwifhat|0.202|200|meme sol
FARTCOIN|fartcoin|Fartcoin|0.171|170|meme ai agent sol
SAND|the-sandbox|The Sandbox|0.0813|220|game nft eth pol
MANA|decentraland|Decentraland|0.0941|180|game nft eth pol
AXS|axie-infinity|Axie Infinity|1.24|210|game nft eth
GALA|gala|GALA|0.00394|190|game nft eth
THETA|theta-token|Theta Network|0.184|180|depin nft ai l1
FLOW|flow|Flow|0.0412|68|l1 nft game
RAY|raydium|Raydium|0.611|160|defi sol
JTO|jito-governance-token|Jito|0.274|120|defi sol
PYTH|pyth-network|Pyth Network|0.0483|280|defi sol sui apt
W|wormhole|Wormhole|0.0203|110|defi sol sui apt sei
AERO|aerodrome-finance|Aerodrome|0.322|290|defi base
MORPHO|morpho|Morpho|1.47|560|defi base eth
COMP|compound-governance-token|Compound|17.6|170|defi some scr mnt
GMX|gmx|GMX|6.41|66|perp defi arb avax sol
DYDX|dydx-chain|dYdX|0.0981|80|perp defi l1
SNX|havven|Synthetix|0.302|104|perp defi eth op
AVNT|avantis|Avantis|0.184|47|perp defi base
LIT|lighter|Lighter|1.42|355|perp defi l2 eth
EDGE|edgex|edgeX|0.612|214|perp defi eth
DRIFT|drift-protocol|Drift|0.0871|51|perp pm defi sol
APEX|apex-token-2|ApeX|0.341|47|perp defi mnt arb
ORDER|orderly-network|Orderly|0.0574|20|perp defi some sei
GNS|gains-network|Gains Network|0.812|21|perp defi arb pol base
VERTEX|vertex-protocol|Vertex|0.0031|2|perp arb sei
AEVO|aevo-exchange|Aevo|0.0284|26|perp defi eth
MYX|myx-finance|MYX Finance|1.12|213|perp defi bsc
PERP|perpetual-protocol|Perpetual Protocol|0.0612|4|perp op eth
ZRO|layerzero|LayerZero|1.62|330|defi some apt sei
ZK|zksync|ZKsync|0.0191|170|l2 eth
LINEA|linea|Linea|0.0031|48|l2 eth
SCR|scroll|Scroll|0.0512|9.7|l2 scr eth
METIS|metis-token|Metis|3.21|23|l2 eth
MANTA|manta-network|Manta Network|0.0582|27|l2 eth
TAIKO|taiko|Taiko|0.124|25|l2 eth
BLAST|blast|Blast|0.00061|29|l2 eth
MOVE|movement|Movement|0.0224|74|l2 eth apt
LRC|loopring|Loopring|0.0281|38|l2 defi eth
CELO|celo|Celo|0.0822|49|l2 rwa
BERA|berachain-bera|Berachain|0.481|66|l1 bera
HONEY|honey-3|Honey|1|31|bera
BGT|infrared-bgt|Infrared BGT|0.492|18|bera
KDK|kodiak|Kodiak|0.0431|5.1|defi bera
RUNE|thorchain|THORChain|0.421|148|defi btc
ORDI|ordinals|ORDI|2.31|48|btc nft meme
SATS|sats-ordinals|SATS|0.0000000121|25|btc meme
RIF|rif-token|Rootstock Infrastructure|0.0302|30|btc defi
BABY|babylon|Babylon|0.0142|38|btc l1
CORE|coredaoorg|Core|0.0812|82|btc l1
MERL|merlin-chain|Merlin Chain|0.0731|79|btc l2
ALEX|alexgo|ALEX Lab|0.0011|1.3|btc defi
PUPS|pups-ordinals|PUPS|0.0031|2.4|btc meme
DOG|dog-go-to-the-moon-rune|DOG (Runes)|0.00091|91|btc meme
SOLV|solv-protocol|Solv Protocol|0.0062|9|btc defi bsc
MERGE|bob-build-on-bitcoin|BOB|0.0091|20|btc l2
AI16Z|ai16z|ai16z|0.0091|10|ai agent defai sol
AIXBT|aixbt|aixbt|0.0244|24|ai agent defai base
GRIFFAIN|griffain|GRIFFAIN|0.0121|12|ai agent defai sol
COOKIE|cookie|Cookie DAO|0.0212|15|ai agent defai bsc base
ARC|ai-rig-complex|AI Rig Complex|0.0523|52|ai agent defai sol
ZEREBRO|zerebro|Zerebro|0.0081|8|ai agent sol
GAME|game-by-virtuals|GAME by Virtuals|0.0094|9|agent defai base
SWARMS|swarms|Swarms|0.0093|9.3|ai agent defai sol
ANON|heyanon|HeyAnon|0.412|5.4|agent defai sol bsc
ORBIT|orbit-2|Orbit|0.00041|0.4|agent defai sol
BUZZ|hive-ai|Hive AI|0.0031|3|agent defai sol
KAITO|kaito|KAITO|0.321|77|ai agent base
CGPT|chaingpt|ChainGPT|0.0222|19|ai agent defai bsc
SAHARA|sahara-ai|Sahara AI|0.0251|56|ai agent eth
VELVET|velvet|Velvet|0.0921|13|defai defi bsc
WAYFINDER|wayfinder|Wayfinder|0.0531|22|agent defai ai eth
AKT|akash-network|Akash Network|0.341|98|ai depin
AR|arweave|Arweave|1.92|126|depin ai
HNT|helium|Helium|1.06|198|depin sol
IOTX|iotex|IoTeX|0.0061|58|depin l1
GRASS|grass|Grass|0.243|119|depin ai sol
IO|io-net|io.net|0.112|33|depin ai sol
ATH|aethir|Aethir|0.0069|106|depin ai eth arb
PEAQ|peaq-2|peaq|0.0281|41|depin l1
JASMY|jasmycoin|JasmyCoin|0.00541|267|depin eth
LPT|livepeer|Livepeer|2.31|112|depin ai eth
BAT|basic-attention-token|Basic Attention|0.112|167|eth
APE|apecoin|ApeCoin|0.121|121|nft game eth
BLUR|blur|Blur|0.0223|58|nft defi eth
ME|magic-eden|Magic Eden|0.163|64|nft sol
RON|ronin|Ronin|0.112|80|game l1 eth
BEAM|beam-2|Beam|0.00171|85|game avax
PIXEL|pixels|Pixels|0.0061|18|game nft
YGG|yield-guild-games|Yield Guild Games|0.0421|28|game nft eth
PRIME|echelon-prime|Echelon Prime|0.581|33|game nft base
NOT|notcoin|Notcoin|0.00042|42|game meme
BIGTIME|big-time|Big Time|0.0162|32|game nft eth
RARE|superrare|SuperRare|0.0192|16|nft eth
LOOKS|looksrare|LooksRare|0.0041|4|nft eth
REP|augur|Augur|0.982|10.8|pm eth
OMEN|omen-markets|Omen|0.0121|1.1|pm eth
POLYX|polymesh|Polymesh|0.0512|64|rwa l1
AZUR|azuro-protocol|Azuro|0.0031|1|pm pol eth
UMA|uma|UMA|0.531|48|pm defi eth
RAIN|rain|Rain|0.0081|2100|pm arb
BUFFER|overtime-protocol|Overtime|0.0712|6|pm op arb
PMX|polkamarkets|Polkamarkets|0.0061|0.6|pm eth
LIMITLESS|limitless|Limitless|0.121|16|pm base
MYRIAD|myriad-markets|Myriad|0.0341|7|pm eth
SXP|sx-network-2|SX Network|0.0284|2.6|pm eth
HEDGE|hedgehog-markets|Hedgehog|0.0018|0.3|pm sol
OM|mantra-dao|MANTRA|0.0612|70|rwa l1
CFG|centrifuge|Centrifuge|0.113|65|rwa eth base
SYRUP|syrup|Maple Finance|0.261|300|rwa defi eth
PLUME|plume|Plume|0.0111|46|rwa l1
HT|huobi-token|Huobi Token|0.081|13|cex tron
WBT|whitebit|WhiteBIT Coin|51.2|10900|cex eth
MX|mx-token|MX Token|1.86|172|cex eth
BMX|bitmart-token|BitMart|0.341|111|cex eth
WOO|woo-network|WOO|0.0182|35|cex defi some
BIT|backpack|Backpack|0.203|41|cex sol
FDUSD|first-digital-usd|First Digital USD|1|520|bsc eth sui arb
USD1|usd1-wlfi|USD1|1|4700|bsc eth tron
CAKE|pancakeswap-token|PancakeSwap|1.38|460|defi bsc apt
TWT|trust-wallet-token|Trust Wallet|0.561|235|bsc
JST|just|JUST|0.0461|430|defi tron
SUN|sun-token|Sun|0.0172|330|defi tron
BTT|bittorrent|BitTorrent|0.00000034|335|tron
WIN|wink|WINkLink|0.0000191|19|tron game
NFTAPE|apenft|AINFT|0.00000033|327|tron nft
DEEP|deep|DeepBook|0.0292|130|defi sui
CETUS|cetus-protocol|Cetus|0.0192|17|defi sui apt
WAL|walrus-2|Walrus|0.0801|128|depin sui
NS|suins-token|SuiNS|0.0262|6|sui
NAVX|navi|NAVI|0.0114|9|defi sui
HAEDAL|haedal|Haedal|0.0281|8|defi sui
THL|thala|Thala|0.0412|2.1|defi apt
AMI|amnis-finance|Amnis|0.0214|1.4|defi apt
JOE|joe|LFJ|0.0462|18|defi avax arb
QI|benqi|BENQI|0.00211|15|defi avax
COQ|coq-inu|Coq Inu|0.00000014|9.6|meme avax
PURR|purr-2|Purr|0.0721|43|meme hl
KHYPE|kinetiq-staked-hype|Kinetiq Staked HYPE|32.9|680|hl
UBTC|unit-bitcoin|Unit Bitcoin|71180|290|hl btc
UETH|unit-ethereum|Unit Ethereum|2139|118|hl
FEUSD|felix-feusd|Felix feUSD|0.998|62|hl
COOKX|mantle-staked-ether|Mantle Staked Ether|2290|690|mnt eth
LORDS|lords|LORDS|0.0091|2.5|game strk
EKUBO|ekubo-protocol|Ekubo|1.41|14|defi strk
NSTR|nostra|Nostra|0.0061|0.6|defi strk
BROTHER|starknet-brother|Brother|0.00031|0.3|meme strk
DRGN|dragonswap|DragonSwap|0.0041|0.5|defi sei
WSTETH|wrapped-steth|Wrapped stETH|2630|8600|some scr mnt strk
"""
