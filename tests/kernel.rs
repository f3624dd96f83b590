//! The table in memory against the kernel's own: the same random changes must leave the same table, or every test that
//! stands on [`Memory`] proves nothing.
//!
//! It needs root and a kernel with IPVS, and it leaves a table of its own behind, so it is for a machine made for that
//! (the lab's guest) and runs only when asked: `LDIRECTORD_TEST_KERNEL=1 cargo test --test kernel -- --nocapture`.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::Ordering,
    time::Duration,
};

use ldirectord::{
    ipvs::{Dest, Ipvs, Ipvsadm, Memory, Op, Scope, ServiceSettings},
    model::{Family, Netmask, Persistence, Protocol, RealId, Thresholds, VirtualId},
};

const BATCHES: u32 = 60;
const LARGEST_BATCH: u32 = 60;

/// Numbers that look random and are the same in every run (a xorshift).
struct Dice(u32);

impl Dice {
    fn below(&mut self, n: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % n
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len().try_into().expect("few")) as usize]
    }

    fn ip(&mut self, choices: &[&str]) -> IpAddr {
        self.one_of(choices).parse().expect("an address")
    }

    fn service(&mut self) -> VirtualId {
        if self.below(4) == 0 {
            let mark = self.one_of(&[1, 7, u32::MAX]).try_into().expect("not zero");
            return VirtualId::FwMark { mark, family: self.one_of(&[Family::V4, Family::V6]) };
        }
        let ip =
            self.ip(&["192.0.2.1", "192.0.2.2", "2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8::1"]);
        let protocol = self.one_of(&[Protocol::Tcp, Protocol::Udp, Protocol::Sctp]);
        VirtualId::Addr { protocol, address: SocketAddr::new(ip, self.one_of(&[0, 80, 65535])) }
    }

    fn real(&mut self) -> RealId {
        let odd = ["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1", "127.0.0.1", "::1"];
        let plain =
            ["10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::5", "2001:db8:1111:2222:3333:4444:5555:7777"];
        let ip = if self.below(8) == 0 { self.ip(&odd) } else { self.ip(&plain) };
        RealId(SocketAddr::new(ip, self.one_of(&[0, 80, 8080, 65535])))
    }

    fn settings(&mut self) -> ServiceSettings {
        let netmask = match self.below(3) {
            0 => None,
            1 => Some(Netmask::V4(
                self.one_of(&[[255, 255, 255, 255], [255, 255, 0, 0], [0; 4], [255, 0, 255, 0]]).into(),
            )),
            _ => Some(Netmask::V6(self.one_of(&[0, 1, 64, 127, 128, 129]))),
        };
        let timeout = Duration::from_secs(self.one_of(&[0, 1, 1800, 2_678_400, 2_678_401]));
        let persistence = (self.below(2) == 0).then_some(Persistence { timeout, netmask, engine: None });
        let scheduler = self.one_of(&["rr", "wrr", "wlc", "sed"]).into();
        ServiceSettings { scheduler, persistence, ..ServiceSettings::default() }
    }

    fn dest(&mut self) -> Dest {
        let forward = self.one_of(&[
            "gate",
            "gate",
            "masq",
            "masq",
            "ipip",
            "ipip",
            "gre",
            "gre:csum",
            "gue:6080",
            "gue:6080:csum",
            "gue:65535:remcsum",
        ]);
        let forward = forward.parse().expect("a method");
        let upper = self.one_of(&[0, 0, 9, 100_000]);
        let lower = self.one_of(&[0, 3]).min(upper);
        Dest { forward, weight: self.one_of(&[0, 1, 5, 65535]), thresholds: Thresholds { upper, lower } }
    }

    fn op(&mut self) -> Op {
        match self.below(16) {
            0..4 => Op::AddService(self.service(), self.settings()),
            4..6 => Op::EditService(self.service(), self.settings()),
            6 => Op::DeleteService(self.service()),
            7..12 => Op::AddDest(self.service(), self.real(), self.dest()),
            12..14 => Op::EditDest(self.service(), self.real(), self.dest()),
            _ => Op::DeleteDest(self.service(), self.real()),
        }
    }
}

#[tokio::test]
async fn the_table_in_memory_does_what_the_kernel_does() {
    if std::env::var_os("LDIRECTORD_TEST_KERNEL").is_none() {
        eprintln!("skipped: LDIRECTORD_TEST_KERNEL is not set");
        return;
    }
    let (mut kernel, mut memory, mut dice) = (Ipvsadm::new(), Memory::default(), Dice(20_001_122));
    let before = kernel.read(&Scope::All).await.unwrap();
    assert!(before.0.is_empty(), "this test wants an empty table: {before:?}");
    let mut done = 0;
    for _ in 0..BATCHES {
        let batch: Vec<Op> = (0..=dice.below(LARGEST_BATCH)).map(|_| dice.op()).collect();
        let (said, expected) = (kernel.apply(&batch).await, memory.apply(&batch).await);
        let table = kernel.read(&Scope::All).await.unwrap();
        assert_eq!(table, memory.table(), "after {batch:#?}\nkernel: {said:?}\nmemory: {expected:?}");
        assert_eq!(said.is_ok(), expected.is_ok(), "kernel: {said:?}\nmemory: {expected:?}");
        done += memory.take_applied().len();
        let asked = batch[0].virtual_id();
        let alone = kernel.read(&Scope::Services(vec![asked])).await.unwrap();
        assert_eq!(alone.0.get(&asked), table.0.get(&asked));
    }
    let processes = kernel.processes().load(Ordering::Relaxed);
    let lines: usize = memory.table().0.values().map(|service| 1 + service.dests.len()).sum();
    eprintln!("{done} changes, {processes} processes, {lines} lines in the end");
}
