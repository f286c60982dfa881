"""The reference stack over the dialects: client, retries, think tags, overflow, fallback, cost.

What has a decision in it (think_tags, retry, body, gate, overflow, fallback) does no I/O and reads no clock; only
`exchange` and `client` speak HTTP.
"""
