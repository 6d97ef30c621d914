// Carries no declarations: this module exists for the compiler and linker flags of its .pc file.
