"""The shop's own pages."""

from django.contrib import admin

from shop.models import Product
from shop.sites import site


@admin.register(Product, site=site)
class ProductAdmin(admin.ModelAdmin):
    list_display = ("name", "price")
    list_filter = ("price",)
    search_fields = ("name",)
    date_hierarchy = "added_at"
