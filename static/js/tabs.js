// On a phone the tabs scroll sideways; the one that is open should be in sight.
document.querySelector(".tabs [aria-current], nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
