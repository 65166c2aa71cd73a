//! The directives of a policy that name sources.

/// A CSP directive (CSP 3 §6).
///
/// All but [`BaseUri`](Self::BaseUri), [`FormAction`](Self::FormAction) and
/// [`FrameAncestors`](Self::FrameAncestors) fall back to [`DefaultSrc`](Self::DefaultSrc).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Directive {
    /// What counts for kinds of content that aren't named.
    DefaultSrc,
    /// Scripts.
    ScriptSrc,
    /// Stylesheets.
    StyleSrc,
    /// Images.
    ImgSrc,
    /// Fonts.
    FontSrc,
    /// What scripts may connect to: `fetch`, `WebSocket`, `EventSource`.
    ConnectSrc,
    /// Audio and video.
    MediaSrc,
    /// What the page may frame.
    FrameSrc,
    /// Workers.
    WorkerSrc,
    /// The web application's manifest.
    ManifestSrc,
    /// Plugins.
    ObjectSrc,
    /// What `<base>` may name.
    BaseUri,
    /// Where forms may be sent.
    FormAction,
    /// Who may frame the page.
    FrameAncestors,
}

impl Directive {
    /// The name in the header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DefaultSrc => "default-src",
            Self::ScriptSrc => "script-src",
            Self::StyleSrc => "style-src",
            Self::ImgSrc => "img-src",
            Self::FontSrc => "font-src",
            Self::ConnectSrc => "connect-src",
            Self::MediaSrc => "media-src",
            Self::FrameSrc => "frame-src",
            Self::WorkerSrc => "worker-src",
            Self::ManifestSrc => "manifest-src",
            Self::ObjectSrc => "object-src",
            Self::BaseUri => "base-uri",
            Self::FormAction => "form-action",
            Self::FrameAncestors => "frame-ancestors",
        }
    }
}
