//! The set of addresses that need no delivery any more: a balanced tree, because its shape stands in the file.
//!
//! # Invariants
//! * An ordered AVL tree at all times: a tree from a file that isn't one is built anew from its addresses.
//! * Insertion balances as Exim's does, so that equal histories give equal files.
//!
//! # Security
//! The tree in a file is nested by its letters; it is read and written with a stack of our own.

use serde::{Deserialize, Serialize};

use crate::DecodeError;

/// No node.
const NONE: u32 = u32::MAX;

/// The set of addresses that need no delivery any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<Branch>", into = "Vec<Branch>")]
pub struct NonRecipients {
    nodes: Vec<Node>,
    root: u32,
}

#[derive(Clone, Debug)]
struct Node {
    key: Vec<u8>,
    child: [u32; 2],
    height: u8,
}

/// One line of the tree in a file: which branches follow, and the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// There is a left branch; it follows at once.
    pub left: bool,
    /// There is a right branch; it follows the left one.
    pub right: bool,
    /// The address.
    pub address: Vec<u8>,
}

impl Default for NonRecipients {
    fn default() -> Self {
        Self { nodes: Vec::new(), root: NONE }
    }
}

impl PartialEq for NonRecipients {
    fn eq(&self, other: &Self) -> bool {
        self.branches() == other.branches()
    }
}

impl Eq for NonRecipients {}

impl NonRecipients {
    /// Reads the tree from its lines.
    pub fn from_branches(branches: Vec<Branch>) -> Result<Self, DecodeError> {
        let wrong =
            DecodeError { what: "the letters of the non-recipients tree don't fit its length", offset: 0 };
        let mut tree = Self::default();
        // Each open slot is (parent, side); the next line fills the one on top.
        let mut open: Vec<(u32, usize)> = vec![(NONE, 0)];
        for branch in branches {
            let (parent, side) = open.pop().ok_or_else(|| wrong.clone())?;
            let index = tree.push(branch.address);
            match parent {
                NONE => tree.root = index,
                parent => tree.nodes[parent as usize].child[side] = index,
            }
            if branch.right {
                open.push((index, 1));
            }
            if branch.left {
                open.push((index, 0));
            }
        }
        if !(open.is_empty() || tree.nodes.is_empty()) {
            return Err(wrong);
        }
        tree.settle();
        Ok(tree)
    }

    /// The lines of the tree, in the order of the file.
    pub fn branches(&self) -> Vec<Branch> {
        let mut out = Vec::with_capacity(self.nodes.len());
        let mut open = vec![self.root];
        while let Some(index) = open.pop() {
            let Some(node) = self.nodes.get(index as usize) else { continue };
            let [left, right] = node.child;
            out.push(Branch { left: left != NONE, right: right != NONE, address: node.key.clone() });
            open.extend([right, left]);
        }
        out
    }

    /// True when the address is in the set.
    pub fn contains(&self, address: &[u8]) -> bool {
        let mut at = self.root;
        while let Some(node) = self.nodes.get(at as usize) {
            match address.cmp(&node.key) {
                std::cmp::Ordering::Equal => return true,
                order => at = node.child[usize::from(order.is_gt())],
            }
        }
        false
    }

    /// Adds an address; false when it was there.
    pub fn insert(&mut self, address: &[u8]) -> bool {
        let mut path = Vec::new();
        let mut at = self.root;
        while let Some(node) = self.nodes.get(at as usize) {
            let side = match address.cmp(&node.key) {
                std::cmp::Ordering::Equal => return false,
                order => usize::from(order.is_gt()),
            };
            path.push((at, side));
            at = node.child[side];
        }
        let mut below = self.push(address.to_vec());
        while let Some((parent, side)) = path.pop() {
            self.nodes[parent as usize].child[side] = below;
            below = self.rebalance(parent);
        }
        self.root = below;
        true
    }

    /// Number of addresses.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All addresses, in no promised order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.nodes.iter().map(|node| &node.key[..])
    }

    fn push(&mut self, key: Vec<u8>) -> u32 {
        self.nodes.push(Node { key, child: [NONE; 2], height: 1 });
        (self.nodes.len() - 1) as u32
    }

    fn height(&self, index: u32) -> u8 {
        self.nodes.get(index as usize).map_or(0, |node| node.height)
    }

    fn child_heights(&self, index: u32) -> (u8, u8) {
        let [left, right] = self.nodes[index as usize].child;
        (self.height(left), self.height(right))
    }

    fn measure(&mut self, index: u32) {
        let (left, right) = self.child_heights(index);
        self.nodes[index as usize].height = left.max(right).saturating_add(1);
    }

    /// Restores the balance of one node whose branches are balanced; gives the node that stands in its place.
    fn rebalance(&mut self, index: u32) -> u32 {
        self.measure(index);
        let (left, right) = self.child_heights(index);
        if left.abs_diff(right) < 2 {
            return index;
        }
        let heavy = usize::from(right > left);
        let child = self.nodes[index as usize].child[heavy];
        let [inner_left, inner_right] = self.nodes[child as usize].child;
        let (outer, inner) = if heavy == 1 { (inner_right, inner_left) } else { (inner_left, inner_right) };
        if self.height(inner) > self.height(outer) {
            self.nodes[index as usize].child[heavy] = self.rotate(child, 1 - heavy);
        }
        self.rotate(index, heavy)
    }

    /// Lifts the branch on `side` above the node; gives the lifted node.
    fn rotate(&mut self, index: u32, side: usize) -> u32 {
        let lifted = self.nodes[index as usize].child[side];
        let between = self.nodes[lifted as usize].child[1 - side];
        self.nodes[index as usize].child[side] = between;
        self.nodes[lifted as usize].child[1 - side] = index;
        self.measure(index);
        self.measure(lifted);
        lifted
    }

    /// Measures a tree whose links were just read, and builds it anew if it is no ordered AVL tree.
    fn settle(&mut self) {
        let mut sound = true;
        // Branches were numbered after their parents, so going backwards meets them first.
        for index in (0..self.nodes.len() as u32).rev() {
            self.measure(index);
            let (left, right) = self.child_heights(index);
            sound &= left.abs_diff(right) < 2;
        }
        sound &= self.in_order().is_sorted_by(|a, b| a < b);
        if !sound {
            let old = std::mem::take(self);
            for node in old.nodes {
                self.insert(&node.key);
            }
        }
    }

    fn in_order(&self) -> Vec<&[u8]> {
        let mut out = Vec::with_capacity(self.nodes.len());
        let mut path = Vec::new();
        let mut at = self.root;
        loop {
            while let Some(node) = self.nodes.get(at as usize) {
                path.push(node);
                at = node.child[0];
            }
            let Some(node) = path.pop() else { return out };
            out.push(&node.key[..]);
            at = node.child[1];
        }
    }
}

impl From<Vec<Branch>> for NonRecipients {
    /// For messages between processes. Lines that don't fit together are taken as a plain list.
    fn from(branches: Vec<Branch>) -> Self {
        let list: Vec<Vec<u8>> = branches.iter().map(|b| b.address.clone()).collect();
        Self::from_branches(branches).unwrap_or_else(|_| list.iter().map(|a| &a[..]).collect())
    }
}

impl From<NonRecipients> for Vec<Branch> {
    fn from(tree: NonRecipients) -> Self {
        tree.branches()
    }
}

impl<'a> FromIterator<&'a [u8]> for NonRecipients {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(addresses: I) -> Self {
        let mut tree = Self::default();
        for address in addresses {
            tree.insert(address);
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(letters: &str, address: &str) -> Branch {
        Branch {
            left: letters.starts_with('Y'),
            right: letters.ends_with('Y'),
            address: address.as_bytes().to_vec(),
        }
    }

    #[test]
    fn the_example_of_the_specification() {
        let lines = vec![
            branch("YY", "darcy@austen.fict.example"),
            branch("NN", "alice@wonderland.fict.example"),
            branch("NN", "editor@thesaurus.ref.example"),
        ];
        let tree = NonRecipients::from_branches(lines.clone()).unwrap();
        assert_eq!(tree.branches(), lines);
        assert!(tree.contains(b"editor@thesaurus.ref.example"));
        assert!(!tree.contains(b"rdo@foundation"));
    }

    #[test]
    fn letters_that_do_not_fit_are_errors() {
        for lines in [vec![branch("YN", "a")], vec![branch("NN", "a"), branch("NN", "b")]] {
            assert!(NonRecipients::from_branches(lines.clone()).is_err(), "{lines:?}");
        }
    }

    #[test]
    fn a_disordered_or_lopsided_tree_is_built_anew() {
        let lopsided: Vec<_> =
            (0..100).map(|n| branch(if n == 99 { "NN" } else { "NY" }, &format!("{n:03}"))).collect();
        let disordered = vec![branch("YN", "a"), branch("NN", "z")];
        for lines in [lopsided, disordered] {
            let tree = NonRecipients::from_branches(lines.clone()).unwrap();
            assert_eq!(tree.len(), lines.len());
            assert!(lines.iter().all(|line| tree.contains(&line.address)));
        }
    }

    #[test]
    fn a_deep_tree_costs_no_stack() {
        let lines: Vec<_> = (0..200_000)
            .map(|n| branch(if n == 199_999 { "NN" } else { "NY" }, &format!("{n:06}")))
            .collect();
        assert_eq!(NonRecipients::from_branches(lines).unwrap().len(), 200_000);
    }

    #[test]
    fn any_order_of_insertion_stays_balanced() {
        // 997 is a prime, so that each step comes by every number once.
        for step in [1_u32, 7, 333, 501, 995] {
            let mut tree = NonRecipients::default();
            for n in 0..997 {
                assert!(tree.insert(format!("{:04}", n * step % 997).as_bytes()), "step {step}");
            }
            assert!(!tree.insert(b"0000"));
            assert!(tree.height(tree.root) <= 14, "AVL bound of 997 nodes");
            let again = NonRecipients::from_branches(tree.branches()).unwrap();
            assert_eq!(again, tree);
        }
    }
}
