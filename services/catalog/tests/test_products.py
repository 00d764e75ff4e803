"""The file of products, which the contract specifies in part."""

from decimal import Decimal

from boutique_catalog.product import load_products

CONTRACT = {
    "OLJCESPC7Z": ("Sunglasses", "19.99"),
    "66VCHSJNUP": ("Tank Top", "18.99"),
    "1YMWWN1N4O": ("Watch", "109.99"),
    "L9ECAV7KIM": ("Loafers", "89.99"),
    "2ZYFJ3GM2N": ("Hairdryer", "24.99"),
    "0PUK6V6EV0": ("Candle Holder", "18.99"),
    "LS4PSXUNUM": ("Salt & Pepper Shakers", "18.49"),
    "9SIQT8TOJO": ("Bamboo Glass Jar", "5.49"),
    "6E92ZMYYFZ": ("Mug", "8.99"),
}


def test_the_products_of_the_contract_have_its_names_and_prices() -> None:
    products = {product.id: (product.name, str(product.price_usd)) for product in load_products()}
    assert {id_: products.get(id_) for id_ in CONTRACT} == CONTRACT


def test_no_two_products_share_an_id_or_a_name() -> None:
    products = load_products()
    assert len({product.id for product in products}) == len({product.name for product in products}) == len(products)


def test_every_product_has_everything_that_the_storefront_shows() -> None:
    for product in load_products():
        slug = product.name.lower().replace("&", "and").replace(" ", "-")
        assert product.picture == f"/static/img/products/{slug}.svg"
        assert product.description.count(".") == 2, f"{product.name} is described in two sentences"
        assert product.price_usd > 0
        assert product.price_usd == product.price_usd.quantize(Decimal("0.01"))
        assert product.categories
        assert all(category.islower() for category in product.categories)


def test_every_product_has_reviews_and_a_rating_from_1_to_5_with_one_decimal() -> None:
    for product in load_products():
        assert 1 <= product.rating <= 5
        assert product.rating == product.rating.quantize(Decimal("0.1"))
        assert product.reviews > 0


def test_ratings_tell_products_apart() -> None:
    products = load_products()
    assert len({product.rating for product in products}) > len(products) / 2
    assert len({product.reviews for product in products}) == len(products)
