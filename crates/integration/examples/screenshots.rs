//! Writes a picture of every page in every state, on every screen, into `target/screenshots/`.

use std::path::PathBuf;

use integration::chromium::{Look, Stage};
use integration::process::binary;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // target/debug/portcullis → target/screenshots
    let target = binary().ancestors().nth(2).expect("it lies in target/*");
    let folder: PathBuf = target.join("screenshots");
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    for stage in Stage::ALL {
        let Some(site) = stage.set().await else {
            std::process::exit(1);
        };
        let browser = site.browser().await;
        for scene in stage.scenes() {
            scene.show(&site, &browser).await;
            for look in Look::ALL {
                browser.look(look).await;
                let file = folder.join(format!("{}-{look}.png", scene.name()));
                std::fs::write(&file, browser.picture().await).expect("the folder is ours");
            }
        }
    }
    println!("{}", folder.display());
}
