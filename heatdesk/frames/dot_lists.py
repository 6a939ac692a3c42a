"""What the market map can be asked for: modes and categories, with their names on screen."""

from __future__ import annotations

MODES: dict[str, str] = {"coins": "Coins", "narratives": "Narratives", "ecosystems": "Ecosystems"}
"""Modes of the market map, with their names on screen."""

CATEGORIES: dict[str, str] = {
    "top-100": "Top 50",
    "layer-1": "Layer 1",
    "layer-2": "Layer 2",
    "decentralized-finance-defi": "DeFi",
    "meme-token": "Meme",
    "artificial-intelligence": "AI",
    "ai-agents": "AI agents",
    "defai": "DeFAI",
    "gaming": "Gaming",
    "real-world-assets-rwa": "Real-world assets",
    "depin": "DePIN",
    "non-fungible-tokens-nft": "NFT",
    "decentralized-perpetuals": "Perp DEX",
    "prediction-markets": "Prediction markets",
    "centralized-exchange-token-cex": "Exchange tokens",
    "ethereum-ecosystem": "Ethereum ecosystem",
    "solana-ecosystem": "Solana ecosystem",
    "bitcoin-ecosystem": "Bitcoin ecosystem",
    "binance-smart-chain": "BNB Chain ecosystem",
    "base-ecosystem": "Base ecosystem",
    "arbitrum-ecosystem": "Arbitrum ecosystem",
    "sui-ecosystem": "Sui ecosystem",
    "avalanche-ecosystem": "Avalanche ecosystem",
    "tron-ecosystem": "Tron ecosystem",
    "hyperliquid-ecosystem": "Hyperliquid ecosystem",
    "polygon-ecosystem": "Polygon ecosystem",
    "aptos-ecosystem": "Aptos ecosystem",
    "optimism-ecosystem": "Optimism ecosystem",
    "berachain-ecosystem": "Berachain ecosystem",
    "mantle-ecosystem": "Mantle ecosystem",
    "starknet-ecosystem": "Starknet ecosystem",
    "sei-v2-ecosystem": "Sei ecosystem",
    "scroll-ecosystem": "Scroll ecosystem",
}
"""Categories of mode ``coins``. ``top-100`` really serves the top 50, as its document says."""
