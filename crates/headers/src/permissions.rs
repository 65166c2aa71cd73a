//! Permissions-Policy: which features of the browser a page may use.

use http::HeaderValue;

/// A feature of the browser that a Permissions-Policy can switch off (W3C Permissions Policy and
/// its list of features).
///
/// `publickey-credentials-get` isn't among them: passkeys are for the own origin by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the standard's own name")]
pub enum Feature {
    Accelerometer,
    Autoplay,
    BrowsingTopics,
    Camera,
    DisplayCapture,
    EncryptedMedia,
    Fullscreen,
    Geolocation,
    Gyroscope,
    Hid,
    IdleDetection,
    LocalFonts,
    Magnetometer,
    Microphone,
    Midi,
    Payment,
    PictureInPicture,
    ScreenWakeLock,
    Serial,
    Usb,
    WebShare,
    XrSpatialTracking,
}

impl Feature {
    const ALL: [Self; 22] = [
        Self::Accelerometer,
        Self::Autoplay,
        Self::BrowsingTopics,
        Self::Camera,
        Self::DisplayCapture,
        Self::EncryptedMedia,
        Self::Fullscreen,
        Self::Geolocation,
        Self::Gyroscope,
        Self::Hid,
        Self::IdleDetection,
        Self::LocalFonts,
        Self::Magnetometer,
        Self::Microphone,
        Self::Midi,
        Self::Payment,
        Self::PictureInPicture,
        Self::ScreenWakeLock,
        Self::Serial,
        Self::Usb,
        Self::WebShare,
        Self::XrSpatialTracking,
    ];

    /// The name in the header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accelerometer => "accelerometer",
            Self::Autoplay => "autoplay",
            Self::BrowsingTopics => "browsing-topics",
            Self::Camera => "camera",
            Self::DisplayCapture => "display-capture",
            Self::EncryptedMedia => "encrypted-media",
            Self::Fullscreen => "fullscreen",
            Self::Geolocation => "geolocation",
            Self::Gyroscope => "gyroscope",
            Self::Hid => "hid",
            Self::IdleDetection => "idle-detection",
            Self::LocalFonts => "local-fonts",
            Self::Magnetometer => "magnetometer",
            Self::Microphone => "microphone",
            Self::Midi => "midi",
            Self::Payment => "payment",
            Self::PictureInPicture => "picture-in-picture",
            Self::ScreenWakeLock => "screen-wake-lock",
            Self::Serial => "serial",
            Self::Usb => "usb",
            Self::WebShare => "web-share",
            Self::XrSpatialTracking => "xr-spatial-tracking",
        }
    }
}

/// Which features pages may use: none, but for those that are allowed by name.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    allowed: Vec<Feature>,
}

impl Permissions {
    /// Every [`Feature`] is off.
    #[must_use]
    pub const fn deny_all() -> Self {
        Self {
            allowed: Vec::new(),
        }
    }

    /// Allows `feature` to pages of the own origin, not to what they frame.
    #[must_use]
    pub fn allow_same_origin(mut self, feature: Feature) -> Self {
        self.allowed.push(feature);
        self
    }

    /// The header's value.
    #[must_use]
    pub fn render(&self) -> HeaderValue {
        let parts = Feature::ALL.map(|feature| {
            let to_whom = if self.allowed.contains(&feature) {
                "self"
            } else {
                ""
            };
            format!("{}=({to_whom})", feature.name())
        });
        // Printable ASCII by construction.
        HeaderValue::try_from(parts.join(", ")).unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_off_but_for_those_allowed() {
        let value = Permissions::deny_all()
            .allow_same_origin(Feature::Camera)
            .render();
        let value = value.to_str().unwrap();
        assert!(value.starts_with("accelerometer=(), "));
        assert!(value.contains(", browsing-topics=(), camera=(self), "));
        assert!(value.ends_with(", xr-spatial-tracking=()"));
    }
}
