//! Pages.

use std::future::Future;

use oxflow_api::token;
use oxflow_model::{Page, PageRequest, Result};

/// A part of a result, and the token of what follows.
pub type Part<T> = (Vec<T>, Option<String>);

/// A page as large as asked for, put together from those that the server gives, which hold `most`
/// items. `fetch` is given the number of items and the offset.
pub async fn gather<T, F>(
    page: PageRequest,
    most: u32,
    fetch: impl Fn(i32, u64) -> F,
) -> Result<Page<T>>
where
    F: Future<Output = Result<Part<T>>>,
{
    let mut items = Vec::new();
    let mut offset = page.offset;
    loop {
        let left = page.limit - items.len() as u64;
        let wanted = u32::try_from(left).unwrap_or(u32::MAX).min(most);
        let (found, next) = fetch(i32::try_from(wanted).unwrap_or(i32::MAX), offset).await?;
        // A server that promises more and gives nothing must not be asked for ever.
        let is_more = !found.is_empty();
        items.extend(found);
        let next_offset = token::next(next.as_deref())?;
        match next_offset {
            Some(next) if is_more && (items.len() as u64) < page.limit => offset = next,
            _ => return Ok(Page { items, next_offset }),
        }
    }
}

/// The token of a page.
pub fn at(offset: u64) -> Option<String> {
    (offset > 0).then(|| token::encode(offset))
}
