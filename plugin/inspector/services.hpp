#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What operators see over HTTP. This library knows HTTP and nothing of the broker: all it shows comes through this
/// interface.
namespace causeway::inspector {

/// What a request is answered with.
struct answer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};
using answer_function = std::function<void(answer)>;

/// A command of the operator.
struct question {
  std::string verb;
  bool may_change = false;                                ///< asked by POST, with a token
  std::vector<std::pair<std::string, std::string>> query; ///< decoded
  std::string body;                                       ///< JSON of a POST
};

/// One row of a list that is shown live.
struct live_row {
  std::string key;  ///< names the row within its topic
  std::string json; ///< the row, one JSON object without line breaks
};
/// How a topic is now.
struct topic_rows {
  enum class extent : std::uint8_t {
    whole,   ///< what is not in here is gone
    clipped, ///< the first rows of a longer list: what is not in here may be there
    changes, ///< only what has changed since the last time
    begins,  ///< likewise, from now on: what has changed before is not known
  };
  std::vector<live_row> rows;
  extent is = extent::whole;
  std::vector<std::string> gone = {}; ///< keys; of `changes` and `begins`
};
/// Puts them into this form, on the server's thread: others have better things to do. Nothing: they cannot be told now.
using late_rows = std::function<std::optional<topic_rows>()>;

/// One check of the node's health.
struct health_check {
  std::string name;
  bool passes = true;
  std::string what; ///< what is wrong and what to do; empty: nothing
};

/// What the server needs of the node. Called on the server's thread, must not block; each callback is to be called
/// once, from any thread.
class services {
public:
  virtual ~services() = default;
  virtual void ask(question x, answer_function done) = 0;
  virtual void metrics(answer_function done) = 0;
  /// What is known at once, `live` and `ready` among it.
  virtual std::vector<health_check> health() = 0;
  /// That, and what has to be asked for.
  virtual void checks(std::function<void(std::vector<health_check>)> done) = 0;
  virtual void poll(const std::string& topic, std::function<void(late_rows)> done) = 0;
  /// Rates, queues and servers by state of now, one JSON object of numbers; asked every second.
  virtual std::string sample() = 0;
  virtual std::int64_t now_ms() = 0; ///< since 1970
};

} // namespace causeway::inspector
