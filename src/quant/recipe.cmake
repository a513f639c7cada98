# Recipes need no LibTorch: they are a library of their own.
nibble_module(recipe SOURCES recipe.cc recipe_fields.cc LINK nibble_base)
nibble_test(recipe SOURCES recipe_test.cc LINK nibble_recipe)
