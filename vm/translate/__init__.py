"""What all translators share: operations as recorded values, and blocks of them."""
