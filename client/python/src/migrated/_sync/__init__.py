"""The asyncio form of the client: what both forms are made from.

Generated from the asyncio form.
"""
