console.log("The benchmark comes here.");
