// A real WebSocket client and a real server, with the gateway between them. tools/setup installs
// them.
#include "e2e/support/gateway_fixture.h"

namespace e2e {
namespace {

constexpr std::size_t kMi = std::size_t{1024} * 1024;

// Debian's Python, for another may lack Debian's modules.
constexpr const char* kPython = "/usr/bin/python3";

// Sends back what it gets, and leaves when it is told to. Says its port, and how each connection
// ended.
constexpr const char* kServer = R"(
import asyncio, websockets

async def answer(socket):
    await (await socket.ping(b"are you there"))
    print("pong", flush=True)
    async for message in socket:
        if message == "leave":
            await socket.close(1001, "going")
        else:
            await socket.send(message)
    print("closed", socket.close_code, socket.close_reason, flush=True)

async def main():
    async with websockets.serve(answer, "127.0.0.1", 0, max_size=None) as server:
        print("port", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()

asyncio.run(main())
)";

// The first connection is closed by the client, the second by the server.
constexpr const char* kClient = R"(
import asyncio, random, sys, websockets
uri, size = sys.argv[1], int(sys.argv[2])

async def exchange(socket, message):
    await socket.send(message)
    assert await socket.recv() == message

async def talk(socket):
    await (await socket.ping(b"and you"))
    await exchange(socket, "gr\u00fc\u00dfe")
    await exchange(socket, random.Random(1).randbytes(size))
    for number in range(20):
        await exchange(socket, str(number))

async def main():
    async with websockets.connect(uri, max_size=None) as socket:
        await talk(socket)
        await socket.close(1000, "enough")
    print("closed", socket.close_code, socket.close_reason)
    async with websockets.connect(uri, max_size=None) as socket:
        await exchange(socket, "hello")
        await socket.send("leave")
        await socket.wait_closed()
    print("closed", socket.close_code, socket.close_reason)

asyncio.run(main())
)";

class WebSocketTest : public testing::TestWithParam<Setting> {
 protected:
  WebSocketTest() : server_({.words = {kPython, "-c", kServer}}) {
    const bool listens = server_.readUntil([this] { return server_.out().ends_with('\n'); });
    if (!listens) throw std::runtime_error("tools/setup test? " + server_.err());
  }

  [[nodiscard]] std::string address() const {
    const std::string& out = server_.out();
    return "127.0.0.1:" + out.substr(5, out.find('\n') - 5);
  }

  Child server_;
};

TEST_P(WebSocketTest, MessagesGoBothWaysAndEitherSideCloses) {
  ProxyProcess proxy(gatewayTo(GetParam(), {address()}));
  // What the environment says of proxies is not meant for 127.0.0.1.
  const auto client = run({.words = {kPython, "-c", kClient, "ws://" + proxy.address() + "/chat",
                                     std::to_string(GetParam().amount(kMi))},
                           .environment = {"no_proxy=*"}});
  EXPECT_EQ(client.status, 0) << client.err;
  EXPECT_EQ(client.out, "closed 1000 enough\nclosed 1001 going\n");
  EXPECT_TRUE(server_.readUntil([this] { return linesWith(server_.out(), "closed") == 2; }));
  EXPECT_EQ(linesWith(server_.out(), "pong"), 2U);
  EXPECT_EQ(linesWith(server_.out(), "closed 1000 enough"), 1U) << server_.out();
  EXPECT_EQ(linesWith(server_.out(), "closed 1001 going"), 1U) << server_.out();
  EXPECT_EQ(server_.err(), "");
  proxy.waitUntilIdle();
  const auto ended = proxy.stop();
  expectGatewaySums(ended);
  EXPECT_EQ(ended["requests"], 2U);
  EXPECT_EQ(ended["sessions_done"], 2U);
  EXPECT_GE(ended["bytes_from_clients"], GetParam().amount(kMi));
  EXPECT_GE(ended["bytes_from_upstreams"], GetParam().amount(kMi));
}

INSTANTIATE_TEST_SUITE_P(Gateway, WebSocketTest,
                         testing::ValuesIn(everyLaneUnder({kPlain, kRandom})), settingName);

}  // namespace
}  // namespace e2e
