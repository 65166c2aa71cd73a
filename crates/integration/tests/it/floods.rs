//! What a flood takes of the server's memory: a short form of `scripts/floods`.

use integration::floods::{BOUND, Flood};

#[tokio::test]
async fn no_flood_takes_more_memory_than_it_may() {
    for flood in Flood::ALL {
        let folder = tempfile::tempdir().unwrap();
        let peak = flood.measure(folder.path(), 60).await;
        assert!(peak <= BOUND, "{flood:?}: {} MiB", peak >> 20);
    }
}
