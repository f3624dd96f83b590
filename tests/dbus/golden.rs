//! The interface descriptions that are installed are those that are served. `BLESS=1` writes them anew.

use std::{fs, path::Path};

use ldirectord::dbus::ROOT;

use crate::{
    farm::small,
    peer::{MANAGER, Peer, REAL, VIRTUAL},
};

#[tokio::test]
async fn shipped_introspection_data_is_what_is_served() {
    let peer = Peer::new(small()).await;
    let service = format!("{ROOT}/tcp_192_0_2_1_80");
    let below = format!("{service}/192_168_0_1_80");
    for (path, interface) in [(ROOT, MANAGER), (&service, VIRTUAL), (&below, REAL)] {
        let served = peer.introspect(path).await;
        let (head, rest) = served.split_once("<node>\n").unwrap();
        let begin = rest.find(&format!(" <interface name=\"{interface}\">")).unwrap();
        let end = rest[begin..].find(" </interface>\n").unwrap() + begin;
        let wanted = format!("{head}<node>\n{} </interface>\n</node>\n", &rest[begin..end]);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("dbus/{interface}.xml"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&file, &wanted).unwrap();
        }
        let shipped = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(shipped, wanted, "{}: run with BLESS=1 and look at the difference", file.display());
    }
}
