//! The wire types of migrated: generated code and the descriptor set, nothing else.
