"""Native code for x86-64: encoding instructions, operations as templates, blocks, and the way in and out."""
