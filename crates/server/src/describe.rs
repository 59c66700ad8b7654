//! What a route takes and gives, read off the signature of its handler: a registration says
//! nothing that the types say already.

use std::future::Future;

use axum::extract::{OriginalUri, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{Html, Response};
use oxflow_api::message::{Kind, Message, Scalar};

use crate::answer::{Json, Proto, Query, SmallProto};
use crate::app::AppState;

/// What a route takes and gives.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The message it reads from the query string of a `GET`, or from a JSON body.
    pub message: Option<Kind>,
    /// The message it reads from the query string, whatever the method.
    pub query: Option<Kind>,
    /// It reads the body as it is.
    pub bytes: bool,
    /// It can be switched off, and then says so on a page, as in MLflow.
    pub switched: bool,
    /// What it answers.
    pub answer: Content,
}

/// What an answer holds.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// JSON.
    Json(Kind),
    /// A plain text.
    Text,
    /// A web page.
    Html,
    /// A file, or whatever the handler likes.
    Bytes,
    /// Nothing.
    Nothing,
}

/// An argument of a handler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it takes from a request",
    note = "implement `Takes` for it in describe.rs, so that the API description stays complete"
)]
pub trait Takes {
    /// Adds what it takes.
    fn note(_shape: &mut Shape) {}
}

impl Takes for State<AppState> {}
impl<T> Takes for Path<T> {}
impl Takes for OriginalUri {}
impl Takes for HeaderMap {}

impl Takes for Request {
    fn note(shape: &mut Shape) {
        shape.bytes = true;
    }
}

impl<M: Message + Scalar> Takes for Proto<M> {
    fn note(shape: &mut Shape) {
        shape.message = Some(M::KIND);
    }
}

impl<M: Message + Scalar> Takes for SmallProto<M> {
    fn note(shape: &mut Shape) {
        shape.message = Some(M::KIND);
    }
}

impl<M: Message + Scalar> Takes for Query<M> {
    fn note(shape: &mut Shape) {
        shape.query = Some(M::KIND);
    }
}

/// What a handler returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it answers",
    note = "implement `Gives` for it, so that the API description stays complete"
)]
pub trait Gives {
    /// What it answers.
    const CONTENT: Content;
}

impl<T: Scalar> Gives for Json<T> {
    const CONTENT: Content = Content::Json(T::KIND);
}

impl<T: Gives, E> Gives for Result<T, E> {
    const CONTENT: Content = T::CONTENT;
}

impl<T: Gives> Gives for ([(HeaderName, &'static str); 1], T) {
    const CONTENT: Content = T::CONTENT;
}

impl<T: Gives> Gives for (StatusCode, T) {
    const CONTENT: Content = T::CONTENT;
}

impl Gives for &'static str {
    const CONTENT: Content = Content::Text;
}

impl<T> Gives for Html<T> {
    const CONTENT: Content = Content::Html;
}

impl Gives for Response {
    const CONTENT: Content = Content::Bytes;
}

impl Gives for StatusCode {
    const CONTENT: Content = Content::Nothing;
}

/// A handler that can be described; `T` lists its arguments, as it does for axum's own `Handler`.
pub trait Described<T> {
    /// What it takes and gives.
    fn shape() -> Shape;
}

macro_rules! described {
    ($first:ident $(, $Arg:ident)*) => {
        impl<F, Fut, Out, $first $(, $Arg)*> Described<($first, $($Arg,)*)> for F
        where
            F: FnOnce($($Arg),*) -> Fut,
            Fut: Future<Output = Out>,
            Out: Gives,
            $($Arg: Takes,)*
        {
            #[allow(unused_mut, clippy::allow_attributes, reason = "a handler may take nothing")]
            fn shape() -> Shape {
                let mut shape = Shape {
                    message: None,
                    query: None,
                    bytes: false,
                    switched: false,
                    answer: Out::CONTENT,
                };
                $( $Arg::note(&mut shape); )*
                shape
            }
        }
    };
}

// The first is axum's marker of how the last argument is read.
described!(Marker);
described!(Marker, A);
described!(Marker, A, B);
described!(Marker, A, B, C);
described!(Marker, A, B, C, D);
described!(Marker, A, B, C, D, E);
