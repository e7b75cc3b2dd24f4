"""The face towards the world: pages for people, webhooks for providers, signs of life for operators."""
