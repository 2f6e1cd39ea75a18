// Checks whole rooms with known verdicts: verify_rooms DIR reads every *.json and *.json.gz in it.
// Prints each difference; the last line is "N rooms, N events, N wrong". Exit code 1 when anything is wrong, 2 when
// there is nothing to check.
#include "tests/messages/matrix/room_check.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: verify_rooms DIR\n";
    return 2;
  }
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{argv[1], error})
    if (entry.path().extension() == ".gz" || entry.path().extension() == ".json") files.push_back(entry.path());
  if (error || files.empty()) {
    std::cerr << "verify_rooms: no room files in " << argv[1] << "\n";
    return 2;
  }
  std::sort(files.begin(), files.end());

  std::size_t events = 0, wrong = 0;
  for (const auto& file : files) {
    const auto report = causeway::test::check_room(file);
    events += report.events;
    wrong += report.wrong.size();
    for (const auto& sentence : report.wrong) std::cout << file.filename().string() << ": " << sentence << "\n";
  }
  std::cout << files.size() << " rooms, " << events << " events, " << wrong << " wrong\n";
  return wrong > 0 ? 1 : 0;
}
