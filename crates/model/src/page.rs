//! Pages of search results.

/// Which part of a result is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at most.
    pub limit: u64,
    /// How many items to skip.
    pub offset: u64,
}

/// Part of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts; `None` on the last one.
    pub next_offset: Option<u64>,
}

impl<T> Page<T> {
    /// Cuts a page out of `items`, which were read with one more than `request.limit`, to see
    /// whether more follow.
    pub fn cut(mut items: Vec<T>, request: PageRequest) -> Page<T> {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        Page { items, next_offset: more.then(|| request.offset + request.limit) }
    }
}
