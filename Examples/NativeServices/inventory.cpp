// inventory.cpp: a C++ service with reports, written to a file by itself when its watchdog loses patience.
//
//     export PKG_CONFIG_PATH=$(dirname "$(make -s preload)")/pkgconfig
//     c++ -g -O2 -pthread inventory.cpp $(pkg-config --cflags --libs gmr) -o inventory && ./inventory report.txt
#include <fcntl.h>
#include <gmr.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

class Inventory {
public:
    int take(const std::string &article) {
        std::unique_lock<std::mutex> lock(mutex_);
        auto found = stock_.find(article);
        if (found == stock_.end()) throw std::out_of_range(article);
        // Nobody ever delivers.
        delivered_.wait(lock, [&] { return found->second > 0; });
        return --found->second;
    }

    // Runs on a thread of GMR's: it must not wait for a lock that a stuck thread may hold.
    int describe(gmr_section_t *section) {
        std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
        if (!lock) return gmr_add_text(section, "stock", "busy");
        gmr_begin_group(section, "stock");
        for (const auto &entry : stock_) gmr_add_integer(section, entry.first.c_str(), entry.second);
        return gmr_end(section);
    }

private:
    std::mutex mutex_;
    std::condition_variable delivered_;
    std::map<std::string, int> stock_ = {{"apples", 3}, {"pears", 0}};
};

}  // namespace

int main(int count, char **arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: inventory REPORT_FILE\n");
        return 2;
    }
    auto &inventory = *new Inventory;  // the customer outlives main()
    gmr_package_t package = {"Example", "inventory", "2.0"};
    gmr_set("secret_keys", "voucher");
    if (gmr_set_up(&package, nullptr) != 0) {
        std::fprintf(stderr, "inventory: no reports: %s\n", gmr_error());
        return 1;
    }
    gmr_register_section(
        "Stock",
        [](gmr_section_t *section, void *context) { return static_cast<Inventory *>(context)->describe(section); },
        &inventory);

    try {
        inventory.take("plums");
    } catch (const std::out_of_range &error) {
        std::printf("inventory: no %s\n", error.what());
    }
    std::thread customer([&] { inventory.take("pears"); });
    customer.detach();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));

    int report = open(arguments[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int result = gmr_report(report);
    close(report);
    if (result != 0) std::fprintf(stderr, "inventory: no report: %s\n", gmr_error());
    gmr_stop();
    return result == 0 ? 0 : 1;
}
