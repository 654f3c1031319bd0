"""The five reference roles, and the faulty and quirky ones made from them."""
