//! String expansion: parser, tree, evaluator.
