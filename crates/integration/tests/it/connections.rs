//! Who may have a connection, and for how long.

use std::time::Duration;

use integration::raw::http2::{self, GOAWAY, HEADERS, PING, SETTINGS, WINDOW_UPDATE};
use integration::{TestApp, raw};
use server::listener::Bounds;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_mins(1);

/// A request whose body doesn't come: it is under way until the server gives up.
const UNFINISHED: &[u8] = b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n";

fn room_for(connections: usize) -> Bounds {
    Bounds {
        connections,
        head_time: PATIENCE,
        body_time: PATIENCE,
        ..Bounds::default()
    }
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address()).await.unwrap()
}

/// Asks, and reads the answer; `false` when the server has closed the connection.
async fn answers(stream: &mut TcpStream) -> bool {
    let request = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
    if stream.write_all(request).await.is_err() {
        return false;
    }
    let (mut answer, mut chunk) = (Vec::new(), [0; 1024]);
    while !answer.ends_with(b"}") && !answer.ends_with(b"}\n") {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut chunk)).await;
        match read.expect("an answer, or the end") {
            Ok(read @ 1..) => answer.extend_from_slice(&chunk[..read]),
            Ok(0) | Err(_) => return false,
        }
    }
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    true
}

/// A connection on which a request is under way: its handler has asked for the body.
async fn busy(app: &TestApp) -> TcpStream {
    let mut stream = connect(app).await;
    stream.write_all(UNFINISHED).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 100");
    stream
}

async fn idle(app: &TestApp) -> TcpStream {
    let mut stream = connect(app).await;
    assert!(answers(&mut stream).await);
    stream
}

#[tokio::test]
async fn where_there_is_no_room_the_longest_idle_connection_makes_way() {
    let app = TestApp::with_bounds(room_for(3)).await;
    let mut held = [idle(&app).await, idle(&app).await, idle(&app).await];
    // Now the second is the one that has been idle for longest.
    assert!(answers(&mut held[0]).await);
    let mut further = idle(&app).await;
    let [first, second, third] = &mut held;
    assert!(!answers(second).await);
    for stream in [first, third, &mut further] {
        assert!(answers(stream).await);
    }
}

#[tokio::test]
async fn a_connection_with_a_request_under_way_never_makes_way() {
    let app = TestApp::with_bounds(room_for(3)).await;
    let held = [busy(&app).await, busy(&app).await, busy(&app).await];
    let mut beyond = connect(&app).await;
    assert!(!answers(&mut beyond).await, "it is closed at once");
    drop(held);
    // The server notices at its own pace that they are gone.
    for tries in 0.. {
        if answers(&mut connect(&app).await).await {
            break;
        }
        assert!(tries < 10_000, "room is not given back");
    }
}

#[tokio::test]
async fn one_address_has_its_share_and_no_more() {
    let bounds = Bounds {
        connections_of_one: 2,
        ..room_for(10)
    };
    let app = TestApp::with_bounds(bounds).await;
    let _held = [busy(&app).await, busy(&app).await];
    assert!(!answers(&mut connect(&app).await).await);
    // Another address of this machine.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
    let mut other = socket.connect(app.address()).await.unwrap();
    assert!(answers(&mut other).await);
}

#[tokio::test]
async fn a_trusted_proxy_speaks_for_many() {
    let bounds = Bounds {
        connections_of_one: 2,
        ..room_for(10)
    };
    let settings = [("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1")];
    let app = TestApp::with_bounds_and(bounds, &settings).await;
    let mut held = Vec::new();
    for _ in 0..9 {
        held.push(busy(&app).await);
    }
    assert!(answers(&mut connect(&app).await).await);
}

fn short_idle_time() -> Bounds {
    Bounds {
        head_time: Duration::from_millis(300),
        ..Bounds::default()
    }
}

#[tokio::test]
async fn http_2_without_requests_ends_however_many_pings_come() {
    let app = TestApp::with_bounds(short_idle_time()).await;
    let mut connection = http2::Connection::open(app.address()).await;
    assert!(connection.send(&http2::get(1, "/livez")).await);
    assert!(connection.until(HEADERS).await);
    let ping = http2::frame(PING, 0, 0, &[7; 8]);
    let pause = Duration::from_millis(20);
    assert!(connection.flood_until_closed(&ping, pause).await);
}

#[tokio::test]
async fn an_idle_client_of_http_2_is_told_before_it_is_let_go() {
    let app = TestApp::with_bounds(short_idle_time()).await;
    let mut connection = http2::Connection::open(app.address()).await;
    assert!(connection.send(&http2::get(1, "/livez")).await);
    let told = tokio::time::timeout(PATIENCE, connection.until(GOAWAY));
    assert!(told.await.unwrap());
    let ended = tokio::time::timeout(PATIENCE, connection.until(u8::MAX));
    assert!(!ended.await.unwrap());
}

#[tokio::test]
async fn a_client_that_takes_none_of_its_answer_is_let_go_however_many_pings_come() {
    let app = TestApp::with_bounds(short_idle_time()).await;
    let mut connection = http2::Connection::open(app.address()).await;
    // No byte may be sent to it (SETTINGS_INITIAL_WINDOW_SIZE).
    let no_window = http2::frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    assert!(connection.send(&no_window).await);
    assert!(connection.send(&http2::get(1, "/openapi.json")).await);
    let ping = http2::frame(PING, 0, 0, &[7; 8]);
    let pause = Duration::from_millis(20);
    assert!(connection.flood_until_closed(&ping, pause).await);
}

#[tokio::test]
async fn a_flood_of_frames_that_ask_for_nothing_ends_the_connection() {
    let app = TestApp::with_bounds(room_for(10)).await;
    for (name, frame) in [
        ("PING", http2::frame(PING, 0, 0, &[0; 8])),
        (
            "the answer to one",
            http2::frame(PING, http2::ACK, 0, &[0; 8]),
        ),
        ("SETTINGS", http2::frame(SETTINGS, 0, 0, &[])),
        (
            "WINDOW_UPDATE",
            http2::frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]),
        ),
        ("PRIORITY", http2::frame(2, 0, 1, &[0; 5])),
        ("an unknown kind", http2::frame(200, 0, 0, b"x")),
    ] {
        let mut connection = http2::Connection::open(app.address()).await;
        let many = frame.repeat(100);
        let closed = connection.flood_until_closed(&many, Duration::ZERO).await;
        assert!(closed, "{name}");
    }
}

#[tokio::test]
async fn an_honest_client_of_http_2_asks_thousands_of_times() {
    let app = TestApp::with_bounds(room_for(10)).await;
    let mut connection = http2::Connection::open(app.address()).await;
    for number in 0..2000 {
        let request = http2::get(2 * number + 1, "/livez");
        let more = http2::frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 60]);
        assert!(connection.send(&[request, more].concat()).await, "{number}");
        assert!(connection.until(HEADERS).await, "{number}");
    }
}

#[tokio::test]
async fn of_all_bodies_of_one_client_no_more_than_its_share_is_held() {
    let app = TestApp::with_bounds(room_for(100)).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(&app).await;
        let start = "POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 65536\r\n\r\n";
        let sent = [start.as_bytes(), &b" ".repeat(65_000)].concat();
        stream.write_all(&sent).await.unwrap();
        held.push(stream);
    }
    // 16 of these fit; the others are answered, without the rest of their bodies.
    let mut answered = tokio::task::JoinSet::new();
    for mut stream in held {
        answered.spawn(async move {
            let mut answer = vec![0; 4096];
            let read = stream.read(&mut answer).await.unwrap();
            answer.truncate(read);
            (String::from_utf8(answer).unwrap(), stream)
        });
    }
    for _ in 0..4 {
        let next = tokio::time::timeout(PATIENCE, answered.join_next()).await;
        let (answer, _) = next.unwrap().unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("retry-after: 1"), "{answer}");
    }
    // Another client has its own.
    let body = b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
    let mut other = socket.connect(app.address()).await.unwrap();
    other.write_all(body).await.unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).await.unwrap();
    raw::read(&answer).assert_status(422);
    answered.abort_all();
    while answered.join_next().await.is_some() {}
    // What was held is free again.
    for tries in 0.. {
        let answer = raw::answer(app.address(), body).await;
        if answer.status == 422 {
            break;
        }
        assert!(tries < 10_000, "room is not given back");
    }
}
