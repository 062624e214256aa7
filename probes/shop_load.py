"""Shoppers: most look around, some put things into their cart. An ordinary locustfile: `locust -f` runs it as well."""

from __future__ import annotations

import random

from locust import HttpUser, between, task


class Shopper(HttpUser):
    host = "http://127.0.0.1:8700"
    wait_time = between(0.2, 1.0)

    def on_start(self) -> None:
        self.products = self.client.get("/api/products").json()["products"]

    @task(6)
    def look_around(self) -> None:
        self.client.get("/")
        words = {"q": random.choice(("lantern", "map", "boots"))}
        self.client.get("/api/products", params=words, name="/api/products?q=")

    @task(2)
    def look_closer(self) -> None:
        product = random.choice(self.products)
        self.client.get(f"/api/products/{product['id']}", name="/api/products/ID")

    @task(1)
    def put_into_cart(self) -> None:
        product = random.choice(self.products)
        self.client.put("/api/cart", json={"product": product["id"], "quantity": 1})
        self.client.get("/api/cart")
