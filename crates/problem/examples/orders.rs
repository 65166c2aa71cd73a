//! A tiny shop: `cargo run -p portcullis-problem --example orders`, then the curl lines of the
//! README.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use problem::{Fault, Faults, Problem, Text, Valid, ValidPath, ValidQuery, complete, input};

input! {
    /// What a customer wants.
    struct Order {
        item: Text<1, 40>,
        quantity: u16,
        colour: Colour = colour,
        gift: Option<bool>,
        greeting: Option<Text<1, 200>>,
    }
    check = Order::greets_only_with_gifts;
}

input! {
    /// Which orders to show.
    struct Page {
        limit: Option<u8>,
    }
}

/// The colours on the shelf. It could be a type of another crate: a function reads it.
#[derive(Debug)]
enum Colour {
    Red,
    Green,
}

fn colour(text: &str) -> Result<Colour, Fault> {
    match text {
        "red" => Ok(Colour::Red),
        "green" => Ok(Colour::Green),
        _ => Err(Fault::new("unknown_colour", "Choose red or green.")),
    }
}

impl Order {
    fn greets_only_with_gifts(&self, faults: &mut Faults) {
        if self.greeting.is_some() && self.gift != Some(true) {
            faults.push(
                Fault::new("not_a_gift", "Set gift to true, or leave this out.").at("greeting"),
            );
        }
    }
}

async fn place(Valid(order): Valid<Order>) -> Result<(StatusCode, Json<String>), Problem> {
    if &*order.item == "unicorn" {
        let sold_out = Problem::new(StatusCode::CONFLICT, "sold_out", "There are none left.");
        return Err(sold_out.with("item", order.item.into_string()));
    }
    let answer = format!("{} × {:?} {}", order.quantity, order.colour, &*order.item);
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn list(ValidQuery(page): ValidQuery<Page>) -> Json<Vec<u8>> {
    Json((0..page.limit.unwrap_or(3)).collect())
}

async fn show(ValidPath(number): ValidPath<u32>) -> Result<Json<u32>, Problem> {
    match number {
        13 => Err(Problem::internal()), // the cause belongs into the log
        number => Ok(Json(number)),
    }
}

/// Around everything: each problem gets the id of its request and a page that explains it.
async fn finish(request: Request, next: Next) -> Response {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let response = next.run(request).await;
    complete(response, |problem| {
        let page = format!("https://shop.example/problems#{}", problem.code());
        problem.with_request_id(format!("r-{id}")).with_type(page)
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let app = Router::new()
        .route("/orders", post(place).get(list))
        .route("/orders/{number}", get(show))
        .fallback(|| async { Problem::of_status(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(|| async {
            Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(from_fn(finish));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await
}
