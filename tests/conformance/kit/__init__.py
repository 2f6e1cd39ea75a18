"""The conformance kit of the chat contract's client libraries. ../README.md says how a language joins."""
