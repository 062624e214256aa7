"""The demo shop: a small web shop to be watched, with faults that can be switched on."""
