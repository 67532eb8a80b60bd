//! A node on loopback: HTTP and JSON-RPC in front of a [`World`], with faults on request.

use super::world::{BASE_FEE, GAS, World};
use polymarket::{Address, from_hex, hex};
use schemas::Bytes32;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What goes wrong with an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// None comes.
    Silence,
    /// The connection ends without one, after the question has had its effect.
    Lost,
    /// This status and body.
    Body(u16, String),
    /// The answer to another question.
    OtherId,
    /// This result instead.
    Result(Value),
}

/// A running node.
pub struct Peer {
    pub url: String,
    pub world: Arc<Mutex<World>>,
    /// What goes wrong with the next answers to a method, first one first.
    pub faults: Arc<Mutex<VecDeque<(&'static str, Fault)>>>,
    /// Everything that was asked.
    pub asked: Arc<Mutex<Vec<Value>>>,
}

impl Peer {
    pub fn start(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v2/rpc-canary-key", listener.local_addr().unwrap());
        let peer = Self { url, world: Arc::new(Mutex::new(world)), faults: Arc::default(), asked: Arc::default() };
        let (world, faults, asked) = (peer.world.clone(), peer.faults.clone(), peer.asked.clone());
        // Ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (world, faults, asked) = (world.clone(), faults.clone(), asked.clone());
                std::thread::spawn(move || serve(stream, &world, &faults, &asked));
            }
        });
        peer
    }

    pub fn fail(&self, method: &'static str, fault: Fault) {
        self.faults.lock().unwrap().push_back((method, fault));
    }
}

fn serve(
    mut stream: TcpStream,
    world: &Mutex<World>,
    faults: &Mutex<VecDeque<(&'static str, Fault)>>,
    asked: &Mutex<Vec<Value>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let question: Value = serde_json::from_slice(&body).ok()?;
    asked.lock().unwrap().push(question.clone());
    let method = question["method"].as_str()?;
    let fault = {
        let mut faults = faults.lock().unwrap();
        let at = faults.iter().position(|(m, _)| *m == method);
        at.and_then(|at| faults.remove(at)).map(|(_, fault)| fault)
    };
    let mut id = question["id"].clone();
    let outcome = answer(&mut world.lock().unwrap(), method, &question["params"]);
    let mut result = match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "result": result }),
        Err((code, message)) => json!({ "jsonrpc": "2.0", "error": { "code": code, "message": message } }),
    };
    match fault {
        Some(Fault::Silence) => {
            std::thread::sleep(std::time::Duration::from_secs(30));
            return None;
        }
        Some(Fault::Lost) => return None,
        Some(Fault::Body(status, body)) => return reply(&mut stream, status, &body),
        Some(Fault::OtherId) => id = json!(987_654),
        Some(Fault::Result(value)) => result = json!({ "jsonrpc": "2.0", "result": value }),
        None => {}
    }
    result["id"] = id;
    reply(&mut stream, 200, &result.to_string())
}

fn reply(stream: &mut TcpStream, status: u16, body: &str) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()
}

type Answer = Result<Value, (i64, String)>;

fn answer(world: &mut World, method: &str, params: &Value) -> Answer {
    let address =
        |v: &Value| v.as_str().and_then(|t| t.parse::<Address>().ok()).ok_or((-32602, "no address".to_owned()));
    match method {
        "eth_chainId" => Ok(json!(format!("{:#x}", world.chain_id))),
        "eth_getBalance" => Ok(json!(format!("{:#x}", world.pol.get(&address(&params[0])?).copied().unwrap_or(0)))),
        "eth_getCode" => Ok(json!(if world.code.contains(&address(&params[0])?) { "0x6000" } else { "0x" })),
        "eth_getTransactionCount" if params[1] == "pending" => {
            Ok(json!(format!("{:#x}", world.nonces.get(&address(&params[0])?).copied().unwrap_or(0))))
        }
        "eth_feeHistory" => {
            let fee = format!("{BASE_FEE:#x}");
            Ok(json!({
                "oldestBlock": "0x1", "baseFeePerGas": [fee, fee, fee],
                "reward": [["0x6fc23ac00"], ["0x826299e00"]], "gasUsedRatio": [0.5, 0.5],
            }))
        }
        "eth_gasPrice" => Ok(json!(format!("{BASE_FEE:#x}"))),
        "eth_call" | "eth_estimateGas" => {
            let call = &params[0];
            let from = if call["from"].is_null() { Address::ZERO } else { address(&call["from"])? };
            let data = call["data"].as_str().and_then(from_hex).ok_or((-32602, "no data".to_owned()))?;
            // Neither changes anything.
            let mut copy = world.clone();
            let returned = copy.execute(from, address(&call["to"])?, &data);
            let returned = returned.map_err(|why| (3, format!("execution reverted: {why}")))?;
            Ok(json!(if method == "eth_call" { hex(&returned) } else { format!("{GAS:#x}") }))
        }
        "eth_sendRawTransaction" => {
            let raw = params[0].as_str().and_then(from_hex).ok_or((-32602, "no bytes".to_owned()))?;
            world.include(&raw).map(|hash| json!(format!("0x{hash}"))).map_err(|why| (-32000, why))
        }
        "eth_getTransactionReceipt" => {
            let hash = params[0].as_str().and_then(Bytes32::from_hex).ok_or((-32602, "no hash".to_owned()))?;
            let found = world.included.iter().enumerate().find(|(_, (known, ..))| *known == hash);
            Ok(found.map_or(Value::Null, |(at, (_, tx, succeeded))| {
                json!({
                    "transactionHash": format!("0x{hash}"), "blockNumber": format!("{:#x}", at + 1),
                    "status": if *succeeded { "0x1" } else { "0x0" }, "gasUsed": format!("{GAS:#x}"),
                    "effectiveGasPrice": format!("{:#x}", world.price(tx)),
                })
            }))
        }
        other => Err((-32601, format!("the method {other} does not exist"))),
    }
}
