//! Header fields: parsing, folding, fix-ups, Received lines, bounce bodies.
