"""AdService."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import grpc
import pytest

from boutique_ad.ads import read_ads
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    Ad = shop_pb2_grpc.AdServiceAsyncStub

CATEGORIES = ["clothing", "tops", "accessories", "footwear", "hair", "beauty", "decor", "home", "kitchen"]
ONE_AD = '[[ads]]\nproduct_id = "6E92ZMYYFZ"\ncategories = ["kitchen"]\ntext = "A mug."\n'


async def ads_for(ad: Ad, *keys: str) -> list[shop_pb2.Ad]:
    return list((await ad.GetAds(shop_pb2.AdRequest(context_keys=keys))).ads)


@pytest.mark.parametrize("category", CATEGORIES)
async def test_every_category_of_the_shop_has_its_own_ads(ad: Ad, category: str) -> None:
    responses = [await ads_for(ad, category) for _ in range(5)]
    assert responses[0]
    assert all(response == responses[0] for response in responses)


async def test_a_category_returns_only_the_ads_of_its_products(ad: Ad) -> None:
    assert [shown.redirect_url for shown in await ads_for(ad, "footwear")] == ["/product/L9ECAV7KIM"]


async def test_an_ad_with_two_of_the_categories_is_returned_once(ad: Ad) -> None:
    assert [shown.redirect_url for shown in await ads_for(ad, "hair", "beauty")] == ["/product/2ZYFJ3GM2N"]


@pytest.mark.parametrize("keys", [[], ["submarines"], [""]])
async def test_without_a_key_or_a_match_two_random_ads_are_returned(ad: Ad, keys: list[str]) -> None:
    responses = [tuple(shown.redirect_url for shown in await ads_for(ad, *keys)) for _ in range(100)]
    assert all(len(set(response)) == 2 for response in responses)
    assert len(set(responses)) > 2


async def test_an_ad_links_to_a_product_and_has_text(ad: Ad) -> None:
    for shown in await ads_for(ad, *CATEGORIES):
        assert re.fullmatch(r"/product/[A-Z0-9]{10}", shown.redirect_url)
        assert shown.text


@pytest.mark.parametrize("keys", [["kitchen"] * 51, ["k" * 65]])
async def test_too_many_or_too_long_keys_are_refused(ad: Ad, keys: list[str]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await ads_for(ad, *keys)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(refusal.value.details()).startswith("context_keys: ")


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (ONE_AD, "ads: "),
        (ONE_AD * 2 + ONE_AD.replace("6E92ZMYYFZ", "../admin"), "ads.2.product_id: "),
        (ONE_AD * 2 + ONE_AD.replace('["kitchen"]', "[]"), "ads.2.categories: "),
        (ONE_AD * 2 + ONE_AD.replace("text", "words"), "ads.2.text: "),
        ("[[ads", "Expected"),
    ],
)
def test_an_invalid_file_of_ads_is_refused_with_the_place_of_the_error(file: str, error: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(error)}"):
        read_ads(file)
